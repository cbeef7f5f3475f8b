"""Reads pictures of a source in threads beside the model, in the order of the source.

Each comes checked, as the square that the model sees and as the thumbnail that is kept.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from engrave.errors import EngraveError
from engrave.image import open_picture, pad_square
from engrave.sources import Entry

THREADS = 2
AHEAD = 48  # pictures that wait for the model, about 10 MB
THUMBNAIL_PX = 256  # longer side of what is kept
QUALITY, METHOD = 80, 2  # of its WebP: hatching holds, and 6 ms are what two cores can spare


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A picture that was read, or the reason why it was not."""

    entry: Entry
    sha256: str = ""
    square: Image.Image | None = None
    thumbnail: bytes = b""
    width: int = 0
    height: int = 0
    reason: str = ""


def bytes_of(entry: Entry) -> tuple[bytes, str]:
    """Return the encoded picture, or why it cannot be had."""
    try:
        return entry.read(), ""
    except EngraveError as error:
        return b"", str(error)
    except OSError as error:
        return b"", f"The file cannot be read ({error.strerror or error})."


def read_plate(entry: Entry, side_px: int) -> Plate:
    """Read one picture; whatever is wrong with it becomes its reason."""
    data, reason = bytes_of(entry)
    return Plate(entry=entry, reason=reason) if reason else plate_of(entry, data, side_px)


def plate_of(entry: Entry, data: bytes, side_px: int) -> Plate:
    """Look at one encoded picture; whatever is wrong with it becomes its reason."""
    try:
        picture = open_picture(data)
    except EngraveError as error:
        return Plate(entry=entry, reason=str(error))
    return Plate(
        entry=entry,
        sha256=hashlib.sha256(data).hexdigest(),
        square=pad_square(picture, side_px),
        thumbnail=_thumbnail(picture),
        width=picture.width,
        height=picture.height,
    )


def read_plates(entries: Iterable[Entry], side_px: int) -> Iterator[Plate]:
    """Yield pictures in order; a few are read ahead while the model looks at others."""
    waiting: deque[Future[Plate]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="intake") as pool:
        try:
            for entry in entries:
                waiting.append(pool.submit(read_plate, entry, side_px))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, method=METHOD)
    return buffer.getvalue()
