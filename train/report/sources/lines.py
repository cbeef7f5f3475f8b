"""Reads logs of one line a step, JSON or CSV, in chunks.

pyarrow parses each chunk; one it refuses is read again line by line, so that a damaged line costs
itself alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json

from train.report.assemble import Columns, check_width
from train.report.names import EDGES, STAGE_NAMES

CHUNK_BYTES = 24 << 20
BLOCK_BYTES = 4 << 20
ABSENT = ["", "null", "None", "NA", "N/A"]  # `NaN` is no gap: somebody computed it


def chunks(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield whole lines, about 24 MB at a time, and whether these are the last."""
    with path.open("rb") as file:
        held = file.read(CHUNK_BYTES)
        while held:
            held += file.readline()
            following = file.read(CHUNK_BYTES)
            yield held, not following
            held = following


def read_json_lines(path: Path) -> Columns:
    """Read one JSON object a line."""
    columns = Columns()
    for chunk, last in chunks(path):
        try:
            _add_table(columns, _parse_json(chunk))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # a broken line, or a column of two types: nothing of the chunk is lost line by line
            columns.add_rows(_one_by_one(columns, chunk, last))
    return columns


def _parse_json(chunk: bytes) -> pa.Table:
    options = pa_json.ReadOptions(block_size=BLOCK_BYTES)
    return pa_json.read_json(BytesIO(chunk), read_options=options)


def _one_by_one(columns: Columns, chunk: bytes, last: bool) -> Iterator[dict[str, Any]]:
    lines = [line for line in chunk.splitlines() if line.strip()]
    for place, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield row
        elif last and place == len(lines):
            columns.truncated = True
        else:
            columns.bad_lines += 1


def read_csv(path: Path) -> Columns:
    """Read a table with a line of names, such as the export of a run's history; gaps are empty."""
    columns = Columns()
    head = b""
    for chunk, last in chunks(path):
        if not head:
            head = chunk[: chunk.index(b"\n") + 1] if b"\n" in chunk else chunk
            chunk = chunk[len(head) :]
            check_width(head.count(b",") + 1)
        skipped: list[object] = []
        _add_table(columns, _parse_csv(head + chunk, skipped.append))
        cut = last and bool(skipped) and not chunk.endswith(b"\n")
        columns.truncated = columns.truncated or cut
        columns.bad_lines += len(skipped) - cut
    return columns


def _parse_csv(text: bytes, skipped: Callable[[object], None]) -> pa.Table:
    def skip(row: object) -> str:
        skipped(row)
        return "skip"

    return pa_csv.read_csv(
        BytesIO(text),
        read_options=pa_csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(invalid_row_handler=skip),
        convert_options=pa_csv.ConvertOptions(null_values=ABSENT, strings_can_be_null=True),
    )


def _add_table(columns: Columns, table: pa.Table) -> None:
    """Enter a parsed chunk; columns of words other than the stage hold no figures."""
    check_width(table.num_columns)
    for name in dict.fromkeys(table.column_names):
        column = table.column(table.column_names.index(name))
        if name in STAGE_NAMES and not pa.types.is_null(column.type):
            _add_stage(columns, column)
        elif not EDGES.search(name):
            _add_column(columns, name, column)
    columns.rows += table.num_rows


def _add_stage(columns: Columns, column: pa.ChunkedArray) -> None:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    columns.add_stages(encoded.dictionary.to_pylist(), codes)


def _add_column(columns: Columns, name: str, column: pa.ChunkedArray) -> None:
    kind = column.type
    if pa.types.is_null(kind):
        return
    if pa.types.is_boolean(kind):
        column, kind = column.cast(pa.int8()), pa.int8()
    if pa.types.is_timestamp(kind) or pa.types.is_temporal(kind):
        columns.texts.add(name)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        column = column.cast(pa.float64(), safe=False)
        columns.add(name, column.to_numpy(), _nan_at(column))
    else:
        columns.texts.add(name)


def _nan_at(column: pa.ChunkedArray) -> np.ndarray:
    """Return the rows that hold NaN and not nothing."""
    found = pc.fill_null(pc.is_nan(column), False)
    if not pc.any(found).as_py():
        return np.zeros(0, np.int64)
    return np.flatnonzero(found.to_numpy())
