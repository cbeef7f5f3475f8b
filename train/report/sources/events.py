"""Reads the scalars of a TensorBoard folder. Knows nothing of its pictures and graphs."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from engrave.errors import DataError
from train.report.assemble import Columns
from train.report.sources.wire import Value, event_records, fields, signed

PATTERN = "*tfevents*"
WALL_TIME, STEP, SUMMARY = 1, 2, 5  # of Event
TAG, SIMPLE_VALUE, TENSOR = 1, 2, 8  # of Summary.Value
DTYPE, CONTENT, FLOATS, DOUBLES = 1, 4, 5, 6  # of Tensor
FLOAT, DOUBLE = 1, 2  # of DTYPE


def read_events(path: Path) -> Columns:
    """Read the event files of a folder, in subfolders too; values of one step make one row."""
    files = sorted(path.rglob(PATTERN)) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path.name} holds no event files; give the folder a tracker wrote.")
    columns = Columns()
    for file in files:
        rows: dict[int, dict[str, float]] = defaultdict(dict)
        repeats: list[dict[str, float]] = []
        prefix = "validation/" if _held_out(file) else ""
        for tag, step, clock, value in _scalars(columns, file):
            row = rows[step]
            if prefix + tag in row:  # logged again after a resume
                repeats.append(rows.pop(step))
                row = rows[step]
            row |= {"_step": float(step), "timestamp": clock, prefix + tag: value}
        columns.add_rows([*repeats, *rows.values()])
    return columns


def _held_out(file: Path) -> bool:
    return file.parent.name.lower() in ("validation", "val", "valid", "eval", "test")


def _scalars(columns: Columns, file: Path) -> Iterator[tuple[str, int, float, float]]:
    """Yield tag, step, time of day and value."""
    for record in event_records(file):
        if record is None:
            columns.truncated = True
            return
        clock, step, summaries = 0.0, 0, []
        try:
            for number, value in fields(record):
                if number == WALL_TIME and isinstance(value, bytes):
                    clock = struct.unpack("<d", value)[0]
                elif number == STEP:
                    step = signed(value)
                elif number == SUMMARY and isinstance(value, bytes):
                    summaries.append(value)
            found = [pair for summary in summaries for pair in _values(summary)]
        except (ValueError, struct.error):
            columns.bad_lines += 1
            continue
        yield from ((tag, step, clock, value) for tag, value in found)


def _values(summary: bytes) -> Iterator[tuple[str, float]]:
    for number, part in fields(summary):
        if number != 1 or not isinstance(part, bytes):
            continue
        tag, value = "", None
        for inner, given in fields(part):
            if inner == TAG and isinstance(given, bytes):
                tag = given.decode("utf-8", "replace")
            elif inner == SIMPLE_VALUE and isinstance(given, bytes):
                value = struct.unpack("<f", given)[0]
            elif inner == TENSOR and isinstance(given, bytes):
                value = _tensor(dict(fields(given)))
        if tag and value is not None:
            yield tag, float(value)


def _tensor(parts: dict[int, Value]) -> float | None:
    """Return the number of a tensor of one element, else None."""
    width, letter = (8, "<d") if parts.get(DTYPE) == DOUBLE else (4, "<f")
    if parts.get(DTYPE) not in (FLOAT, DOUBLE):
        return None
    for number in (CONTENT, FLOATS, DOUBLES):
        held = parts.get(number)
        if isinstance(held, bytes) and len(held) == width:
            return struct.unpack(letter, held)[0]
    return None
