"""The two lists that a training set is built from: books, and captions with the paths of their
scans. Knows no scan."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engrave.errors import DataError, OriginalsError
from engrave.image import open_picture
from engrave.originals.likeness import hash_of
from engrave.originals.wanted import Wanted
from train.data import SPLITS

CAPTIONS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "source_path", "caption", "kind", "subject")),
        *((name, pa.string()) for name in ("technique", "printed", "phash")),
        *((name, pa.int32()) for name in ("gutenberg_id", "scan_width", "scan_height")),
        ("hash", pa.binary(32)),
    ]
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One book of the list, and the split that all of its pictures are in."""

    gutenberg_id: int
    title: str
    author: str
    language: str
    year: int
    split: str


def write_lists(data: Path, books: Path, captions: Path) -> tuple[int, int]:
    """Write both lists from a data set with scans; return how many books and captions there are."""
    found: dict[int, Book] = {}
    rows: list[Row] = []
    for split in SPLITS:
        for path in sorted(data.glob(f"{split}-*.parquet")):
            for row in _rows(path):
                found.setdefault(row["gutenberg_id"], _book(row, split))
                picture = open_picture(row["image"]["bytes"])
                rows.append({name: row.get(name) for name in CAPTIONS.names[:-1]})
                rows[-1]["hash"] = hash_of(picture)
    if not rows:
        raise DataError(f"{data} has no train-*.parquet with scans; name the folder of the scans.")
    write_books([found[number] for number in sorted(found)], books)
    table = pa.Table.from_pylist(rows, schema=CAPTIONS)
    pq.write_table(table, captions, compression="zstd", compression_level=19)
    return len(found), len(rows)


def write_books(listed: Sequence[Book], path: Path) -> None:
    """Write one line a book."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Book)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in listed)


def read_books(path: Path) -> dict[int, Book]:
    """Return the books by their number; raises DataError with the line that is wrong."""
    needed = {field.name for field in fields(Book)}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a CSV in UTF-8; name the list of books.") from (
            error
        )
    reader = csv.DictReader(io.StringIO(text))
    lacking = sorted(needed - set(reader.fieldnames or ()))
    if lacking:
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}; add them.")
    found = {}
    for row in reader:
        try:
            numbers = {name: int(row[name]) for name in ("gutenberg_id", "year")}
            words = {name: str(row[name] or "") for name in needed - set(numbers)}
            if words["split"] not in SPLITS:
                raise ValueError
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{path}, line {reader.line_num}: gutenberg_id and year must be whole numbers, "
                f"and split one of {', '.join(SPLITS)}; mend the line."
            ) from error
        book = Book(**numbers, **words)  # type: ignore[arg-type]
        found[book.gutenberg_id] = book
    if not found:
        raise DataError(f"{path} lists no books; add some.")
    return found


def read_captions(path: Path, books: dict[int, Book]) -> list[Row]:
    """Return the rows of these books in order; raises DataError."""
    try:
        rows = pq.read_table(path, columns=CAPTIONS.names).cast(CAPTIONS).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} is missing or no list of captions; name the right file.") from (
            error
        )
    found = [row for row in rows if row["gutenberg_id"] in books]
    if not found:
        raise DataError(f"{path} has captions for none of these books; add books that it knows.")
    return found


def wanted_of(rows: Sequence[Row]) -> list[Wanted]:
    """Return where the scans of the rows lie."""
    names = [field.name for field in fields(Wanted)]
    try:
        return [Wanted(**{name: row[name] for name in names}) for row in rows]
    except OriginalsError as error:
        raise DataError(str(error)) from error


def _rows(path: Path) -> list[Row]:
    try:
        found: list[Row] = pq.read_table(path).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged; copy it again.") from error
    return found


def _book(row: Row, split: str) -> Book:
    return Book(
        gutenberg_id=row["gutenberg_id"],
        title=row["book"],
        author=row["author"],
        language=row["language"],
        year=row["year"],
        split=split,
    )
