"""What is known of each engraving of a collection, as rows of a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engrave.errors import CollectionError

BOOK_URL = "https://www.gutenberg.org/ebooks/{}"


@dataclass(frozen=True, slots=True)
class Item:
    """One engraving: what is known of it, and its place on the map."""

    id: str
    caption: str
    printed: str
    subject: str
    technique: str
    kind: str
    book: str
    author: str
    language: str
    year: int
    gutenberg_id: int
    split: str
    x: float = 0.0
    y: float = 0.0

    @property
    def url(self) -> str:
        """Address of the book at Project Gutenberg, empty where there is none."""
        return BOOK_URL.format(self.gutenberg_id) if self.gutenberg_id else ""


_TYPES = {"str": pa.string(), "int": pa.int32(), "float": pa.float32()}
_SCHEMA = pa.schema([(field.name, _TYPES[str(field.type)]) for field in fields(Item)])


def write_table(items: Sequence[Item], path: Path) -> None:
    """Write one row an item."""
    rows = [asdict(item) for item in items]
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), path, compression="zstd")


def read_table(path: Path) -> tuple[Item, ...]:
    """Return the items in order; raises CollectionError with what is wrong."""
    try:
        table = pq.read_table(path, columns=_SCHEMA.names)
        if len(table.column_names) < len(_SCHEMA.names):
            lacking = sorted(set(_SCHEMA.names) - set(table.column_names))
            raise CollectionError(f"{path.name} lacks {', '.join(lacking)}; publish it again.")
        columns = table.select(_SCHEMA.names).cast(_SCHEMA).to_pydict()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CollectionError(
            f"{path.name} is missing or damaged; copy the collection folder again."
        ) from error
    return tuple(Item(*row) for row in zip(*columns.values(), strict=True))
