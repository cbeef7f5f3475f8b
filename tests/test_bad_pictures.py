"""What is no picture, is damaged or is too big gets a sentence, never another error."""

import random
import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from engrave.errors import PictureError
from engrave.image import MAX_BYTES, open_picture, read_metadata

KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(width_px: int, height_px: int) -> bytes:
    """A bilevel PNG that is small as a file, whatever its size in pixels."""
    header = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    squeezer, row = zlib.compressobj(9), bytes(1 + (width_px + 7) // 8)
    rows = b"".join(squeezer.compress(row) for _ in range(height_px)) + squeezer.flush()
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def noise(kind: str, side_px: int = 80) -> bytes:
    grain = random.Random(0).randbytes(3 * side_px**2)
    buffer = BytesIO()
    Image.frombytes("RGB", (side_px, side_px), grain).save(buffer, kind)
    return buffer.getvalue()


def blank(width_px: int, height_px: int, kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.new("L", (width_px, height_px)).save(buffer, kind)
    return buffer.getvalue()


def test_text_named_jpg(tmp_path: Path) -> None:
    path = tmp_path / "plate.jpg"
    path.write_text("Dear curator, this is a letter.\n" * 50)
    with pytest.raises(PictureError, match=r"no picture.*save it as JPEG, PNG, WebP or TIFF"):
        open_picture(path)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photograph"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "no picture"),
        (bytes(1000), "no picture"),
    ],
)
def test_other_files_are_named(data: bytes, kind: str) -> None:
    with pytest.raises(PictureError, match=f"This file is {kind}"):
        open_picture(data)


@pytest.mark.parametrize("source", [b"", BytesIO()])
def test_zero_bytes(source: bytes | BytesIO) -> None:
    with pytest.raises(PictureError, match=r"empty \(0 bytes\)"):
        open_picture(source)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.9])
def test_truncated_file_of_each_kind(kind: str, part: float) -> None:
    data = noise(kind)
    with pytest.raises(PictureError, match=r"damaged|save"):
        open_picture(data[: int(len(data) * part)])


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_survived(kind: str) -> None:
    dice, data = random.Random(1), noise(kind, 32)
    for _ in range(60):
        hurt = bytearray(data)
        for _ in range(dice.choice((1, 8, 64))):
            # half of the damage in the header, where decoders decide what to allocate
            hurt[dice.randrange(dice.choice((64, len(hurt))))] = dice.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd tags it can live with
            for read in (open_picture, read_metadata):
                try:
                    read(bytes(hurt))
                except PictureError as error:
                    assert len(str(error)) > 30


@pytest.mark.parametrize("side_px", [50_000, 12_000, 7_000])
def test_bombs_are_refused_before_they_are_decoded(side_px: int) -> None:
    if side_px == 50_000:  # no need to squeeze 312 MB of zeros: the size stands in the header
        data = png_bomb(8, 8).replace(
            chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 1, 0, 0, 0, 0)),
            chunk(b"IHDR", struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)),
        )
    else:
        data = png_bomb(side_px, side_px)
    assert len(data) < 30_000
    for action in ("error", "ignore"):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            with pytest.raises(PictureError, match="more than the 40 million"):
                open_picture(data)


def test_picture_object_has_the_same_limits() -> None:
    with pytest.raises(PictureError, match="8,000 x 6,000"):
        open_picture(Image.new("1", (8_000, 6_000)))
    with pytest.raises(PictureError, match="1 x 1"):
        open_picture(Image.new("RGB", (1, 1)))


@pytest.mark.parametrize(
    ("width_px", "height_px", "sentence"),
    [
        (1, 1, "1 x 1 pixels; each side needs 16 or more"),
        (3, 4000, "3 x 4,000 pixels; each side needs 16 or more"),
        (15, 100, "each side needs 16"),
        (20, 300, "may be 12 times the shorter at most"),
        (300, 20, "may be 12 times the shorter at most"),
    ],
)
def test_too_small_or_thin(width_px: int, height_px: int, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence):
        open_picture(blank(width_px, height_px))


def test_just_inside_the_limits() -> None:
    assert open_picture(blank(16, 192)).size == (16, 192)
    assert open_picture(blank(8_000, 5_000)).size == (8_000, 5_000)


def test_file_over_thirty_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.bmp"
    path.write_bytes(blank(100, 100, "BMP") + bytes(MAX_BYTES))
    for source in (path, path.read_bytes(), BytesIO(path.read_bytes())):
        with pytest.raises(PictureError, match="more than 30 MB"):
            open_picture(source)


def test_paths_that_lead_to_no_file(tmp_path: Path) -> None:
    for path, sentence in [
        (tmp_path / "none.png", "There is no file"),
        (tmp_path, "is a folder"),
        ("/dev/zero", "no plain file"),
        ("nul\0.png", r"no file 'nul\\x00.png'|cannot be opened"),
        ("x" * 5000, "cannot be opened"),
    ]:
        with pytest.raises(PictureError, match=sentence):
            open_picture(path)
