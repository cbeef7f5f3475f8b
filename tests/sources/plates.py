"""Draws pictures as files, for sources to find."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from tests.drawings import draw

MEMBER = b"PK\x01\x02"


@contextmanager
def memory_below(limit_bytes: int) -> Iterator[None]:
    """Fail where what is done inside needs more memory of Python's at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_bytes
    finally:
        tracemalloc.stop()


def plate(shape: str = "tower", side: str = "left", kind: str = "PNG") -> bytes:
    """Return an encoded drawing."""
    buffer = BytesIO()
    draw(shape, side, dark=True).save(buffer, kind)
    return buffer.getvalue()


def put(folder: Path, *names: str, data: bytes | None = None) -> Path:
    """Write the same drawing, or the given bytes, under each name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plate() if data is None else data)
    return folder


def crowded(count: int) -> bytes:
    """Return a ZIP whose list of members is long, with nothing in it."""
    one = MEMBER + bytes(24) + struct.pack("<H", 5) + bytes(16) + b"a.png"
    size, told = len(one) * count, count & 0xFFFF
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, told, told, size, 0, 0)
    return one * count + end
