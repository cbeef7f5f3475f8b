"""Reads tables row by row: CSV in any usual dress, and JSON lines. Knows no pictures."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TextIO

from engrave.errors import SourceError
from engrave.sources.columns import FILE, find_column

MAX_TABLE_CHARACTERS = 1_000_000_000
MAX_LINE = 1_000_000  # characters
MAX_CELL = 131_072  # characters; the csv module's own limit is one for all that read tables
TOO_LONG = f"has a cell of more than {MAX_CELL:,} characters, or a quote that is never closed"
MAX_COLUMNS = 1_000
MAX_RECORD = 4_000_000  # characters of a row with the line ends in its cells
DELIMITERS = ",;\t|"
PIECE_BYTES = 1 << 20

Open = Callable[[], BinaryIO]
Row = tuple[str, dict[str, Any]]  # "row 12" with its cells by column
Note = Callable[[str, str], None]  # "row 12" with the reason why it cannot be used


def csv_rows(open_file: Open, note: Note) -> Iterator[Row]:
    """Yield the rows below the header, counted from 1; raises SourceError and OSError."""
    encoding = _encoding_of(open_file)
    with open_file() as file, io.TextIOWrapper(file, encoding, "replace", newline="") as text:
        lines = _lines(text, note)
        first = next(lines, "")
        if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:  # Excel's own
            delimiter, first = first[4], next(lines, "")
        else:
            delimiter = _delimiter_of(first)
        yield from _records(itertools.chain([first], lines), delimiter, note)


def json_rows(open_file: Open, note: Note) -> Iterator[Row]:
    """Yield the object of each line, counted from 1; raises SourceError and OSError."""
    encoding = _encoding_of(open_file)
    with open_file() as file, io.TextIOWrapper(file, encoding, "replace", newline="") as text:
        for number, line in enumerate(_lines(text, note), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield f"row {number}", row
            else:
                note(f"row {number}", "is no JSON object; write one {...} a line")


def _records(lines: Iterator[str], delimiter: str, note: Note) -> Iterator[Row]:
    number = taken = 0

    def counted() -> Iterator[str]:
        """Yield the lines of a row, but not so many that its cells would fill the memory."""
        nonlocal taken
        for line in lines:
            taken += len(line)
            if taken > MAX_RECORD:
                raise csv.Error
            yield line

    reader = csv.reader(counted(), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader, [])]
        if len(header) > MAX_COLUMNS:
            raise SourceError(f"The table has more than {MAX_COLUMNS:,} columns; keep fewer.")
        taken = 0
        for number, cells in enumerate(reader, 1):
            taken = 0
            if any(len(cell) > MAX_CELL for cell in cells):
                note(f"row {number}", TOO_LONG)
            elif any(cells[len(header) :]):
                note(
                    f"row {number}",
                    f"has {len(cells)} cells and the header {len(header)}; "
                    "put cells that hold the separator in quotes",
                )
            elif any(cells):
                row: dict[str, Any] = {}
                for name, cell in zip(header, cells, strict=False):
                    row.setdefault(name, cell)  # of two columns of one name the first counts
                yield f"row {number}", row
    except csv.Error:
        note(
            f"row {number + 1}",
            f"{TOO_LONG}; mend it, as the rows after it are not read",
        )


def _lines(text: TextIO, note: Note) -> Iterator[str]:
    """Yield lines with their ends, none longer than fits in memory."""
    total = 0
    for number in itertools.count(1):
        line = text.readline(MAX_LINE + 1)
        total += len(line)
        if total > MAX_TABLE_CHARACTERS:
            raise SourceError("The table has more than 1,000 MB; divide it.")
        if len(line) <= MAX_LINE:
            if not line:
                return
            yield line
            continue
        note(f"line {number}", f"has more than {MAX_LINE:,} characters and is not read")
        while line and line[-1] not in "\r\n":
            line = text.readline(MAX_LINE)
            total += len(line)


def _delimiter_of(header: str) -> str:
    """Return what separates the columns: that which yields a column of files, then most columns."""

    def score(delimiter: str) -> tuple[bool, int]:
        try:
            names = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            return False, 0
        return find_column(names, FILE) is not None, len(names)

    return max(DELIMITERS, key=score)


def _encoding_of(open_file: Open) -> str:
    """Return UTF-8 or UTF-16 where the file is such, else what Windows writes."""
    with open_file() as file:
        head = file.read(PIECE_BYTES)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head[1:200:2].count(0) > 50:  # Latin letters in pairs of bytes, without a mark
            return "utf-16-le"
        decoder, read = codecs.getincrementaldecoder("utf-8-sig")(), 0
        try:
            while head:
                decoder.decode(head)
                read += len(head)
                head = file.read(PIECE_BYTES) if read < 4 * MAX_TABLE_CHARACTERS else b""
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        return "utf-8-sig"
