"""CSV for spreadsheets and JSON lines for programs, with a row for each record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from engrave.collection.export import guarded
from engrave.errors import ReviewError
from engrave.review.exports.rows import COLUMNS, record_of_row, row_of
from engrave.review.record import Record, released

MARK = "'"  # before what a spreadsheet would take for a formula
CELL_BYTES = 10_000_000


def write_csv(records: Iterable[Record], out: BinaryIO) -> None:
    """Write a table that Excel opens with its accents and without running a cell."""
    page = io.TextIOWrapper(out, "utf-8-sig", newline="")
    writer = csv.DictWriter(page, COLUMNS)
    writer.writeheader()
    for record in records:
        writer.writerow({name: escaped(cell) for name, cell in row_of(record).items()})
    page.detach()  # it would close the file


def read_csv(data: bytes) -> list[Record]:
    """Return the records of a table that `as_csv` wrote, also where a spreadsheet saved it."""
    csv.field_size_limit(CELL_BYTES)
    text = decoded(data)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)  # spreadsheets save as their country does
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if "details" not in (reader.fieldnames or ()):
        raise ReviewError(
            "This table has no column 'details'; read one that was exported here, with all of its "
            "columns."
        )
    return [
        record_of_row({name: unescaped(cell) for name, cell in row.items() if name})
        for row in reader
    ]


def json_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield one object a line: the same cells, the details as they are."""
    for record in records:
        row = row_of(record) | {"tags": list(released(record)["tags"]), "details": record.as_json()}
        yield (json.dumps(row, ensure_ascii=False) + "\n").encode()


def read_json_lines(data: bytes) -> list[Record]:
    """Return the records of JSON lines that were written here, or of a metadata.jsonl."""
    records = []
    for at, line in enumerate(decoded(data).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ReviewError(f"Line {at} is no JSON; take it out, or export again.") from error
        if not isinstance(row, dict):
            raise ReviewError(f"Line {at} is no object; take it out, or export again.")
        records.append(record_of_row(_flat(row)))
    return records


def decoded(data: bytes) -> str:
    """Return the text of a file; raises ReviewError where accents of it would be lost."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReviewError(
            "This export is not UTF-8, so its accents cannot be read; save it again as UTF-8 "
            "(in a spreadsheet: CSV UTF-8)."
        ) from error


def _flat(row: dict[str, object]) -> dict[str, object]:
    """Return a row as a table has it."""
    details, tags = row.get("details"), row.get("tags")
    if isinstance(details, dict):
        row = row | {"details": json.dumps(details)}
    return row | {"tags": "; ".join(map(str, tags))} if isinstance(tags, list) else row


def escaped(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula, and that `unescaped` undoes."""
    return f"{MARK}{cell}" if isinstance(cell, str) and cell[:1] == MARK else guarded(cell)


def unescaped(cell: str | None) -> str:
    """Return a cell as it was before it was escaped."""
    return (cell or "").removeprefix(MARK)
