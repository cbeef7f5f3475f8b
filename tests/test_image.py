"""Opening, shaping and labelling of pictures that are in order."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engrave.errors import PictureError
from engrave.image import (
    contact_sheet,
    open_picture,
    pad_square,
    png_with_metadata,
    read_metadata,
)
from engrave.marks import XMP_KEY
from engrave.model.pixels import to_image, to_tensor

FACTS = {
    "prompt": "a ship in a storm",
    "seed": "7",
    "guidance": "2",
    "steps": "20",
    "model_version": "small-1 <&>",
    "caption": "ein Schiff auf hoher See, ночь, \U0001f6a2",
}


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int16)


@pytest.fixture(scope="module")
def ramp() -> Image.Image:
    """64 x 48, brighter to the right and to the foot, so that no turn of it looks like another."""
    y, x = np.mgrid[:48, :64]
    return Image.fromarray((x * 3 + y).astype(np.uint8))


@pytest.mark.parametrize(
    ("kind", "mode", "tolerance"),
    [
        ("PNG", "L", 0), ("PNG", "RGB", 0), ("PNG", "1", 255), ("PNG", "P", 0), ("GIF", "L", 0),
        ("BMP", "RGB", 0), ("PPM", "L", 0), ("TIFF", "L", 0), ("TIFF", "CMYK", 2),
        ("TIFF", "LAB", 0), ("WEBP", "RGB", 14), ("JPEG", "L", 8), ("JPEG", "RGB", 8),
        ("JPEG", "CMYK", 9), ("JPEG2000", "L", 0), ("AVIF", "RGB", 14),
    ],
)  # fmt: skip
def test_every_kind_opens_in_grey(ramp: Image.Image, kind: str, mode: str, tolerance: int) -> None:
    source = Image.merge("LAB", [ramp] * 3) if mode == "LAB" else ramp.convert(mode)
    found = open_picture(saved(source, kind))
    assert (found.mode, found.size) == ("L", (64, 48))
    assert np.abs(pixels(found) - pixels(ramp)).max() <= tolerance


def test_path_text_bytes_file_and_picture_are_one(ramp: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "ramp.png"
    path.write_bytes(data := saved(ramp, "PNG"))
    for source in (path, str(path), data, BytesIO(data), ramp):
        assert open_picture(source).tobytes() == ramp.tobytes()


def test_a_picture_passed_in_is_left_alone() -> None:
    source = Image.new("L", (20, 20), 9)
    source.info["exif"] = b"kept"
    open_picture(source).putpixel((0, 0), 200)
    assert source.getpixel((0, 0)) == 9
    assert source.info == {"exif": b"kept"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(ramp: Image.Image, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(ramp, kind, exif=exif)
    found = open_picture(data)
    expected = pixels(ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("L"))
    assert found.size == ((64, 48) if orientation < 5 else (48, 64))
    assert np.abs(pixels(found) - expected).max() == 0


def test_orientation_six_puts_the_left_side_on_top(ramp: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = pixels(open_picture(saved(ramp, "PNG", exif=exif)))
    assert np.array_equal(found, np.rot90(pixels(ramp), -1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_sixteen_bits_are_scaled_not_clipped(kind: str, bits: int) -> None:
    ramp = np.linspace(0, 2**bits - 1, 64 * 32).round().reshape(32, 64)
    found = pixels(open_picture(saved(Image.fromarray(ramp.astype(np.uint16)), kind)))
    assert np.abs(found - ramp / (2**bits - 1) * 255).max() <= 0.51


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0, 65535), (-3, 5), (0, 1e6)])
def test_float_tiff_is_scaled(low: float, high: float) -> None:
    ramp = np.linspace(low, high, 64 * 32, dtype=np.float32).reshape(32, 64)
    found = pixels(open_picture(saved(Image.fromarray(ramp), "TIFF")))
    assert np.abs(found - (ramp - low) / (high - low) * 255).max() <= 0.51


def test_numbers_that_are_none_become_paper() -> None:
    values = np.zeros((20, 20), np.float32)
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, 1.0
    found = pixels(open_picture(Image.fromarray(values)))
    assert [found[0, 0], found[1, 1], found[2, 2], found[3, 3]] == [255, 255, 255, 0]
    with pytest.raises(PictureError, match="no numbers"):
        open_picture(Image.fromarray(np.full((20, 20), np.nan, np.float32)))


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA"), ("TIFF", "RGBA")]
)
def test_alpha_lies_on_white(kind: str, mode: str) -> None:
    image = Image.new(mode, (32, 32), (0, 0, 0, 0) if mode == "RGBA" else (0, 0))
    image.paste((0, 0, 0, 255) if mode == "RGBA" else (0, 255), (0, 0, 16, 32))
    image.paste((0, 0, 0, 128) if mode == "RGBA" else (0, 128), (0, 0, 16, 8))
    found = open_picture(saved(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert [found.getpixel(at) for at in ((20, 20), (4, 20), (4, 4))] == [255, 0, 127]


def test_gif_with_a_see_through_colour_lies_on_white() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([10, 10, 10, 0, 0, 0])
    image.paste(0, (0, 0, 16, 32))
    found = open_picture(saved(image, "GIF", transparency=1))
    assert (found.getpixel((4, 4)), found.getpixel((20, 4))) == (10, 255)


@pytest.mark.parametrize("kind", ["TIFF", "MPO", "GIF", "WEBP", "PNG"])
def test_first_page_counts(kind: str) -> None:
    pages = [Image.new("L" if kind == "GIF" else "RGB", (40, 30), n * 100) for n in range(3)]
    found = open_picture(saved(pages[0], kind, save_all=True, append_images=pages[1:]))
    assert found.size == (40, 30)
    assert found.getextrema()[1] <= 2


def test_exif_is_not_carried_along(ramp: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    assert open_picture(saved(ramp, "JPEG", exif=exif)).info == {}
    exif[0x010E] = "x" * 5_000_000
    assert open_picture(saved(ramp, "PNG", exif=exif)).info == {}


def test_broken_exif_does_not_stop_a_picture(ramp: Image.Image) -> None:
    found = open_picture(saved(ramp, "PNG", exif=b"Exif\0\0MM\0*\0\0\xff\xff garbage"))
    assert found.tobytes() == ramp.tobytes()


def test_pad_square_keeps_aspect_and_centres() -> None:
    square = pixels(pad_square(Image.new("L", (100, 50), 0), 64))
    assert square.shape == (64, 64)
    assert square[:16].min() == square[48:].min() == 255
    assert square[16:48].max() == 0
    assert pad_square(Image.new("L", (1, 5000), 0), 64).size == (64, 64)


def test_tensor_round_trip(ramp: Image.Image) -> None:
    tensor = to_tensor(ramp)
    assert (tensor.shape, tensor.dtype) == ((1, 48, 64), torch.float32)
    assert to_tensor(Image.new("L", (16, 16), 255)).unique().tolist() == [1.0]
    assert to_tensor(Image.new("L", (16, 16), 0)).unique().tolist() == [-1.0]
    assert to_image(tensor).tobytes() == ramp.tobytes()
    assert to_image(torch.full((1, 8, 8), 7.0)).getpixel((0, 0)) == 255


def test_contact_sheet_places_each_picture() -> None:
    sheet = contact_sheet([Image.new("L", (30, 30), n * 50) for n in range(3)], 2, 20, 4)
    assert sheet.size == (2 * 24 + 4, 2 * 24 + 4)
    assert [sheet.getpixel(at) for at in ((14, 14), (38, 14), (14, 38), (38, 38))] == [
        0, 50, 100, 255,
    ]  # fmt: skip
    assert sheet.getpixel((1, 1)) == 255


def test_png_says_how_it_was_made(ramp: Image.Image, tmp_path: Path) -> None:
    png = png_with_metadata(ramp, FACTS)
    assert png == png_with_metadata(ramp, FACTS)
    assert open_picture(png).tobytes() == ramp.tobytes()
    found = read_metadata(png)
    assert {key: found[key] for key in FACTS} == FACTS
    assert found["parameters"].startswith("a ship in a storm\nSeed: 7, CFG scale: 2, Steps: 20, ")
    assert "trainedAlgorithmicMedia" in found[XMP_KEY]
    assert "Engrave small-1 &lt;&amp;&gt;" in found[XMP_KEY]
    (tmp_path / "plate.png").write_bytes(png)
    assert read_metadata(tmp_path / "plate.png") == found


def test_metadata_is_read_from_png_only(ramp: Image.Image) -> None:
    assert read_metadata(saved(ramp, "PNG")) == {}
    with pytest.raises(PictureError, match="is a JPEG; only a PNG"):
        read_metadata(saved(ramp, "JPEG"))
