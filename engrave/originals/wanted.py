"""The list of scans that belong to a collection: where each lies in Project Gutenberg's files, and
its hash. Knows no net."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from engrave.errors import OriginalsError

NAME = "originals.parquet"  # in the folder of the collection
HASH_BYTES = 32
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("gutenberg_id", pa.int32()),
        ("source_path", pa.string()),
        ("hash", pa.binary(HASH_BYTES)),
    ]
)
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One scan: the engraving's id, its book, its path in the book's folder, and its hash."""

    id: str
    gutenberg_id: int
    source_path: str  # such as 16102-h/images/p1887-033.jpg
    hash: bytes

    def __post_init__(self) -> None:
        steps = PurePosixPath(self.source_path).parts
        if not PATH.fullmatch(self.source_path) or ".." in steps or self.gutenberg_id < 1:
            raise OriginalsError(
                f"The list of originals names '{self.source_path[:80]}' of book "
                f"{self.gutenberg_id}, which is no file of a book; copy the collection again."
            )


def write_wanted(wanted: Sequence[Wanted], path: Path) -> None:
    """Write one row a scan."""
    table = pa.Table.from_pylist([asdict(one) for one in wanted], schema=SCHEMA)
    pq.write_table(table, path, compression="zstd")


def read_wanted(path: Path) -> tuple[Wanted, ...]:
    """Return the rows in order; raises OriginalsError with what is wrong."""
    if not path.is_file():
        raise OriginalsError(
            f"{path.parent} has no {path.name}, so nobody knows where its originals are; "
            "the collection that comes with Engrave has one."
        )
    try:
        rows = pq.read_table(path, columns=SCHEMA.names).cast(SCHEMA).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise OriginalsError(f"{path.name} is damaged; copy the collection again.") from error
    return tuple(Wanted(**row) for row in rows)
