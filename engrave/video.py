"""Writes frames as films: MP4 that every browser plays, GIF and WebP. Knows nothing of models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from engrave import marks
from engrave.errors import VideoError
from engrave.whole import whole_file

# crf 16 keeps hatching; a key frame at least every 12 lets a scrubber jump
X264: dict[str, object] = {"crf": "16", "preset": "medium", "g": "12"}
FAST = {"movflags": "faststart"}
MAX_FPS = 60
WEBP_QUALITY = 85


def write_mp4(
    frames: Sequence[Image.Image],
    path: str | Path,
    fps: float,
    facts: marks.Facts | None = None,
) -> None:
    """Write H.264 in yuv420p, of even size, the index first so that it plays while it loads."""
    shown = _checked(frames, fps)
    try:
        with whole_file(Path(path)) as scratch:
            with av.open(str(scratch), "w", format="mp4", options=FAST) as film:
                film.metadata["comment"] = marks.parameters(facts or {})
                _encode(film, [_even(frame) for frame in shown], fps)
            with scratch.open("ab") as file:
                file.write(marks.mp4_box(facts or {}))
    except (av.FFmpegError, OSError) as error:
        raise VideoError(_unwritable(path, error)) from error


def write_gif(
    frames: Sequence[Image.Image],
    path: str | Path,
    fps: float,
    facts: marks.Facts | None = None,
) -> None:
    """Write a GIF that plays for ever; its clock counts hundredths of a second."""
    shown = _checked(frames, fps)
    milliseconds = max(20, round(100 / fps) * 10)  # browsers slow down what is quicker
    try:
        with whole_file(Path(path)) as scratch:
            scratch.write_bytes(marks.gif(shown, milliseconds, facts or {}))
    except OSError as error:
        raise VideoError(_unwritable(path, error)) from error


def write_webp(
    frames: Sequence[Image.Image], path: str | Path, fps: float, facts: marks.Facts | None = None
) -> None:
    """Write a WebP that plays for ever: all greys, a fraction of the GIF."""
    first, *rest = _checked(frames, fps)
    how = {"save_all": True, "append_images": rest, "duration": round(1000 / fps), "loop": 0}
    try:
        with whole_file(Path(path)) as scratch:
            scratch.write_bytes(marks.webp(first, facts or {}, WEBP_QUALITY, **how))
    except OSError as error:
        raise VideoError(_unwritable(path, error)) from error


def _checked(frames: Sequence[Image.Image], fps: float) -> list[Image.Image]:
    """Return the frames in grey."""
    if not frames:
        raise VideoError("There are no frames; a film needs one or more.")
    if len(sizes := {frame.size for frame in frames}) > 1:
        raise VideoError(f"The frames have {len(sizes)} sizes; scale them all to one.")
    if not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
        raise VideoError(f"A film cannot run at {fps} frames a second; use 1 to {MAX_FPS}.")
    return [frame.convert("L") for frame in frames]


def _even(frame: Image.Image) -> Image.Image:
    """Add a white row or column where a side is odd, as yuv420p halves both."""
    return ImageOps.expand(frame, (0, 0, frame.width % 2, frame.height % 2), fill=255)


def _encode(film: av.container.OutputContainer, frames: list[Image.Image], fps: float) -> None:
    stream = film.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
    stream.width, stream.height = frames[0].size
    stream.pix_fmt = "yuv420p"
    stream.options = X264
    for frame in frames:
        picture = av.VideoFrame.from_ndarray(np.asarray(frame), format="gray")
        film.mux(stream.encode(picture))
    film.mux(stream.encode())


def _unwritable(path: str | Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or error
    return f"The film cannot be written to {path} ({reason}); choose another place."
