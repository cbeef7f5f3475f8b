"""Damaged pictures, bombs of every format, any text: an answer or a sentence, in little memory."""

import json
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engrave.arguments import build_parser
from engrave.errors import EngraveError, PictureError
from engrave.image import open_picture
from engrave.limits import (
    CANDIDATES,
    FRAMES,
    GUIDANCE,
    MAX_CHARACTERS,
    PLATES,
    SEED,
    STEPS,
    Range,
    clean_text,
    needed_text,
    one_of,
)
from tests.fuzz_pictures import run
from tests.test_bad_pictures import chunk, png_bomb

CHEAP = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(),
    st.lists(st.integers()), st.dictionaries(st.text(), st.text()), st.decimals(),
)  # fmt: skip


def test_hundreds_of_damaged_pictures_open_or_are_refused() -> None:
    account = run(700, seed=3)
    assert not account.faults, account.faults[:5]
    assert account.opened > 30 and account.refused > 300  # both ways were walked


def test_the_script_tells_its_account() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.fuzz_pictures", "50"], capture_output=True, text=True
    )
    assert told.returncode == 0 and told.stdout.startswith("50 files in "), told.stderr


def tiff_bomb() -> bytes:
    """A TIFF of 60,000 x 60,000 pixels in one strip of nothing."""
    entries = [(256, 60_000), (257, 60_000), (258, 8), (259, 8), (262, 1), (273, 200), (277, 1)]
    entries += [(278, 60_000), (279, 12)]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4)
    return head.ljust(200, b"\0") + zlib.compress(bytes(1000))


def gif_bomb() -> bytes:
    """A GIF whose screen is 65,535 pixels wide and high."""
    buffer = BytesIO()
    Image.new("L", (20, 20)).save(buffer, "GIF")
    data = bytearray(buffer.getvalue())
    data[6:10] = b"\xff\xff\xff\xff"
    return bytes(data)


def webp_bomb() -> bytes:
    """A WebP of the largest size that the format has, all white."""
    buffer = BytesIO()
    Image.new("L", (16_383, 16_383), 255).save(buffer, "WEBP", lossless=True, method=0)
    return buffer.getvalue()


OPEN = """
import json, resource, sys
from pathlib import Path
from engrave.errors import PictureError
from engrave.image import open_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_picture(Path(sys.argv[1]))
    told = ""
except PictureError as error:
    told = str(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([told, grown * (1 if sys.platform == "darwin" else 1024)]))
"""


def opened_elsewhere(path: Path) -> tuple[str, int]:
    """Open a file in a process of its own; return what was told and by how much memory grew."""
    done = subprocess.run([sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told, grown = json.loads(done.stdout)
    return told, grown


@pytest.mark.parametrize("bomb", [lambda: png_bomb(9_000, 9_000), tiff_bomb, gif_bomb, webp_bomb])
def test_a_bomb_is_refused_without_being_unpacked(bomb: object, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(bomb())  # type: ignore[operator]
    assert path.stat().st_size < 200_000
    told, grown = opened_elsewhere(path)
    assert "more than the 40 million" in told
    assert grown < 60_000_000


def test_a_film_of_many_frames_costs_one(tmp_path: Path) -> None:
    frames = [Image.new("L", (500, 500), grey % 256) for grey in range(600)]
    path = tmp_path / "film.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    told, grown = opened_elsewhere(path)
    assert told == "" and grown < 30_000_000


def test_words_that_unpack_to_gigabytes_are_refused_or_left(tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.new("L", (40, 40)).save(buffer, "PNG")
    data = buffer.getvalue()
    squeezer = zlib.compressobj(9)
    packed = b"".join(squeezer.compress(bytes(1_000_000)) for _ in range(1_000)) + squeezer.flush()
    bomb = chunk(b"zTXt", b"Comment\0\0" + packed)
    path = tmp_path / "words.png"
    path.write_bytes(data[:33] + bomb + data[33:])
    _, grown = opened_elsewhere(path)
    assert grown < 150_000_000


def test_an_svg_is_refused_however_it_is_dressed() -> None:
    plain = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>'
    for data in (plain, b"\xef\xbb\xbf" + plain, b"<!-- \x89PNG -->\n" * 3 + plain):
        with pytest.raises(PictureError, match="SVG"):
            open_picture(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_ten_megabytes_of_exif_are_not_kept(kind: str) -> None:
    exif = Image.Exif()
    exif[0x9286] = b"x" * 10_000_000
    buffer = BytesIO()
    Image.new("L", (60, 40), 200).save(buffer, kind, exif=exif.tobytes())
    assert len(buffer.getvalue()) > 10_000_000
    found = open_picture(buffer.getvalue())
    assert found.size == (60, 40) and not found.info


@CHEAP
@given(st.text(max_size=400) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs"])))
def test_any_text_is_cleaned_for_good_or_refused(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except EngraveError as error:
        assert len(text.strip()) > MAX_CHARACTERS and "shorten" in str(error)
        return
    assert clean_text(cleaned) == cleaned and len(cleaned) <= MAX_CHARACTERS
    cleaned.encode()  # no half of a pair is left


@CHEAP
@given(ANYTHING, st.sampled_from([CANDIDATES, FRAMES, GUIDANCE, PLATES, SEED, STEPS]))
def test_any_value_is_in_bounds_or_refused(value: object, bounds: Range) -> None:
    for check in (bounds.number, bounds.whole):
        try:
            found = check(value)
        except EngraveError as error:
            assert str(error).endswith(f"from {bounds.low} to {bounds.high}.")
            assert len(str(error)) < 200
        else:
            assert bounds.low <= found <= bounds.high


@CHEAP
@given(ANYTHING)
def test_what_is_no_text_and_no_mode_is_refused(value: object) -> None:
    for check in (needed_text, lambda given: one_of("mode", given, ("prior", "direct"))):
        try:
            check(value)
        except EngraveError as error:
            assert "\n" not in str(error) and len(str(error)) < 300


@CHEAP
@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=20), max_size=5))
def test_any_command_line_is_parsed_or_refused_with_2(words: list[str]) -> None:
    for command in ("caption", "generate", "morph", "search"):
        try:
            build_parser().parse_args([command, *words])
        except SystemExit as stop:
            assert stop.code in (0, 2)
