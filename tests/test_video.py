"""Films are read again and compared with what was put in."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from engrave.errors import VideoError
from engrave.video import write_gif, write_mp4, write_webp


def frames(count: int, width_px: int = 96, height_px: int = 64) -> list[Image.Image]:
    """A bright bar on dim hatching, which moves to the right from frame to frame."""
    y, x = np.mgrid[:height_px, :width_px]
    hatching = 60 + 40 * ((x + y) // 4 % 2)
    bars = (abs(x - (index + 0.5) * width_px / count) < 4 for index in range(count))
    return [Image.fromarray(np.where(bar, 250, hatching).astype(np.uint8)) for bar in bars]


def difference(found: np.ndarray, sent: Image.Image) -> float:
    grey = np.asarray(sent, dtype=np.float32)
    return float(np.abs(found[: sent.height, : sent.width].astype(np.float32) - grey).mean())


@pytest.mark.parametrize(("width_px", "height_px"), [(96, 64), (97, 65)])
def test_mp4_holds_what_was_put_in(tmp_path: Path, width_px: int, height_px: int) -> None:
    sent = frames(10, width_px, height_px)
    path = tmp_path / "walk.mp4"
    write_mp4(sent, path, fps=12)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.codec.canonical_name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.codec_context.codec_tag == "avc1"  # the only one that QuickTime takes
        assert stream.profile == "High"
        assert (stream.width, stream.height) == (width_px + width_px % 2, height_px + height_px % 2)
        assert stream.average_rate == Fraction(12)
        assert len(film.streams) == 1
        found = [frame.to_ndarray(format="gray") for frame in film.decode(stream)]
    assert len(found) == 10
    for shown, frame in zip(found, sent, strict=True):
        assert difference(shown, frame) < 4
    assert difference(found[0], sent[5]) > 8  # so the test above can fail
    data = path.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")  # plays while it loads


def test_one_frame_and_colour_frames_are_films_too(tmp_path: Path) -> None:
    for count, mode in [(1, "L"), (2, "RGB")]:
        sent = [frame.convert(mode) for frame in frames(count)]
        write_mp4(sent, tmp_path / "a.mp4", fps=7.5)
        write_gif(sent, tmp_path / "a.gif", fps=7.5)
        write_webp(sent, tmp_path / "a.webp", fps=7.5)
        with av.open(str(tmp_path / "a.mp4")) as film:
            assert len(list(film.decode(video=0))) == count


def test_gif_holds_what_was_put_in(tmp_path: Path) -> None:
    sent = frames(6)
    write_gif(sent, tmp_path / "walk.gif", fps=10)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.info["loop"] == 0
        assert film.info["duration"] == 100
        found = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(film)]
    assert len(found) == 6
    for shown, frame in zip(found, sent, strict=True):
        assert difference(shown, frame) < 1


def test_webp_holds_what_was_put_in_and_how_long(tmp_path: Path) -> None:
    first, *rest = frames(6)
    write_webp([first, first, first, *rest], tmp_path / "walk.webp", fps=10)
    with Image.open(tmp_path / "walk.webp") as film:
        assert film.info["loop"] == 0 and film.format == "WEBP"
        found = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(film)]
        assert len(found) in (6, 8)  # the writer may join frames that are alike
    assert difference(found[0], first) < 4 and difference(found[-1], rest[-1]) < 4


@pytest.mark.parametrize("write", [write_mp4, write_gif, write_webp])
def test_what_is_no_film_is_refused(write: Callable[..., None], tmp_path: Path) -> None:
    path, few = tmp_path / "film", frames(2)
    for sent, fps, sentence in [
        ([], 12, "no frames"),
        ([*few, Image.new("L", (10, 10))], 12, "2 sizes"),
        (few, 0, "0 frames a second"),
        (few, float("nan"), "nan frames a second"),
        (few, 1000, "use 1 to 60"),
    ]:
        with pytest.raises(VideoError, match=sentence):
            write(sent, path, fps=fps)
    with pytest.raises(VideoError, match=r"cannot be written to .* choose another place"):
        write(few, tmp_path / "none" / "film.mp4", fps=12)
