"""Reads the bytes of protocol buffers and of framed records, so that no tracker need be
installed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from engrave.errors import DataError

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
BLOCK = 32768  # of the record log
HEADER = 7  # checksum 4, length 2, kind 1
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4

Value = int | bytes


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield (number of the field, value) of a message; fixed-width values come as bytes."""
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = varint(data, place)
            yield number, value
            continue
        if kind == BYTES:
            length, place = varint(data, place)
        else:
            length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind, -1)
        if length < 0 or place + length > len(data):
            raise ValueError("no protocol buffer")
        yield number, data[place : place + length]
        place += length


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable width, and the place after it."""
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise ValueError("no protocol buffer")
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def signed(value: Value) -> int:
    """Return a varint as the signed number it stands for."""
    number = int(value) if isinstance(value, int) else 0
    return number - (1 << 64) if number >> 63 else number


def event_records(path: Path) -> Iterator[bytes | None]:
    """Yield the records of an event file: length 8, checksum 4, data, checksum 4; None where it
    is cut."""
    with path.open("rb") as file:
        while head := file.read(12):
            length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else -1
            data = file.read(length) if 0 <= length < 1 << 31 else b""
            if length < 0 or len(data) < length or len(file.read(4)) < 4:
                yield None
                return
            yield data


def log_records(path: Path) -> Iterator[bytes | None]:
    """Yield the records of a record log in blocks of 32 KiB; None where it is cut."""
    data = path.read_bytes()
    if data[:4] != b":W&B":
        raise DataError(f"{path.name} is no offline run; give the folder `offline-run-...`.")
    place, held = HEADER, b""
    while place + HEADER <= len(data):
        room = BLOCK - place % BLOCK
        if room < HEADER:
            place += room
            continue
        length, kind = struct.unpack("<HB", data[place + 4 : place + HEADER])
        if kind == 0 and length == 0:  # the rest of this block is padding
            place += room
            continue
        piece = data[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if len(piece) < length:
            yield None
            return
        held = piece if kind in (WHOLE, FIRST) else held + piece
        if kind in (WHOLE, LAST):
            yield held
    if 0 < len(data) - place < HEADER:
        yield None
