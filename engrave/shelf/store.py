"""Reads and writes the two tables of a collection in LanceDB. Knows no pictures and no model.

Every write is one commit: a process that dies leaves the commit before it, or the one after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engrave.errors import CollectionError
from engrave.shelf.index import IN_MEMORY, build_index, nearest
from engrave.shelf.journal import Version
from engrave.shelf.records import MAP_SCHEMA, PLAIN, columns_of, map_table, schema

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.table import Table

PICTURES, MAP = "pictures", "map"
AT_ONCE = 5_000  # ids in one question


class Store:
    """The tables of one collection, as they are at this moment or as one version had them."""

    def __init__(self, folder: Path, version: Version | None = None) -> None:
        self.folder, self.version = folder, version

    @classmethod
    def create(cls, folder: Path, latent_width: int, embedding_width: int) -> Store:
        """Make both tables, empty; what a process left that died here is made anew."""
        for path in folder.glob("*.lance"):
            shutil.rmtree(path)
        database = _connect(folder)
        with _told(folder, "made"):
            database.create_table(PICTURES, schema=schema(latent_width, embedding_width))
            database.create_table(MAP, schema=MAP_SCHEMA)
        return cls(folder)

    @cached_property
    def pictures(self) -> Table:
        """The table of pictures."""
        return self._open(PICTURES, self.version.pictures if self.version else None)

    @cached_property
    def map(self) -> Table:
        """The table of places."""
        return self._open(MAP, self.version.map if self.version else None)

    def commits(self) -> dict[str, int]:
        """Return the newest commit of each table, as a version names them."""
        return {"pictures": self.pictures.version, "map": self.map.version}

    def count(self) -> int:
        """Return how many pictures there are."""
        with _told(self.folder, "read"):
            return int(self.pictures.count_rows())

    def rows(self, columns: Sequence[str] = PLAIN, *, row_ids: bool = False) -> pa.Table:
        """Return columns of all pictures, in their order."""
        with _told(self.folder, "read"):
            wanted = [*dict.fromkeys([*columns, "seq"])]
            there = set(self.pictures.schema.names)
            asked = self.pictures.search().select([name for name in wanted if name in there])
            if row_ids:
                asked = asked.with_row_id(True)
            found = asked.to_arrow().sort_by("seq")
            for column in columns_of([name for name in wanted if name not in there]):
                found = found.append_column(column, pa.nulls(len(found), column.type))
            return found

    def vectors(self, column: str) -> np.ndarray:
        """Return the latents (N, L) or the embeddings (N, E) of all pictures, as they are kept."""
        found = self.rows([column]).column(column).combine_chunks()
        width = found.type.list_size
        flat = found.chunk(0) if isinstance(found, pa.ChunkedArray) else found
        return flat.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)

    def batches(self, column: str, num: int) -> Iterator[tuple[list[int], np.ndarray]]:
        """Yield row ids and vectors of all pictures, in no order and never all in memory."""
        with _told(self.folder, "read"):
            asked = self.pictures.search().select([column]).with_row_id(True)
            for batch in asked.to_batches(num):
                width = batch[column].type.list_size
                flat = batch[column].flatten().to_numpy(zero_copy_only=False)
                yield batch["_rowid"].to_pylist(), flat.reshape(-1, width)

    def some(self, row_ids: Sequence[int], column: str) -> list[Any]:
        """Return one column of a few pictures, in the order of their row ids."""
        with _told(self.folder, "read"):
            asked = self.pictures.take_row_ids(list(row_ids)).select([column]).with_row_id()
            found = asked.to_arrow()
        by_row = dict(zip(found["_rowid"].to_pylist(), found[column].to_pylist(), strict=True))
        return [by_row[row] for row in row_ids]

    def places(self) -> dict[str, tuple[float, float]]:
        """Return the place of each id that has one."""
        with _told(self.folder, "read"):
            found = self.map.search().to_arrow()
        x, y = found["x"].to_pylist(), found["y"].to_pylist()
        return dict(zip(found["id"].to_pylist(), zip(x, y, strict=True), strict=True))

    def append(self, rows: pa.Table) -> None:
        """Add pictures."""
        with _told(self.folder, "written"):
            self._complete()
            self.pictures.add(rows)

    def change(self, rows: pa.Table) -> None:
        """Set the columns that a table has, of the pictures whose ids it names."""
        with _told(self.folder, "written"):
            self._complete()
            self.pictures.merge_insert("id").when_matched_update_all().execute(rows)

    def delete(self, ids: Sequence[str]) -> None:
        """Take pictures out; older versions still have them."""
        with _told(self.folder, "written"):
            for start in range(0, len(ids), AT_ONCE):
                some = (one.replace("'", "''") for one in ids[start : start + AT_ONCE])
                quoted = ", ".join(f"'{one}'" for one in some)
                self.pictures.delete(f"id IN ({quoted})")

    def index(self) -> None:
        """Make the index of embeddings anew, where there are too many to be searched without."""
        if self.count() > IN_MEMORY:
            with _told(self.folder, "written"):
                build_index(self.pictures)

    def nearest(self, embedding_E: np.ndarray, num: int) -> tuple[list[int], np.ndarray]:
        """Return row ids and cosines of about the nearest, by the index where there is one."""
        with _told(self.folder, "read"):
            return nearest(self.pictures, embedding_E, num)

    def draw(self, ids: Sequence[str], places_N2: np.ndarray, *, anew: bool) -> None:
        """Write places: of newcomers, or of all."""
        with _told(self.folder, "written"):
            self.map.add(map_table(ids, places_N2), mode="overwrite" if anew else "append")

    def rewind(self, version: Version) -> None:
        """Make both tables what a version had; the newer commits stay for those who name them."""
        with _told(self.folder, "written"):
            for table, commit in ((self.pictures, version.pictures), (self.map, version.map)):
                if table.version != commit:
                    table.restore(commit)

    def _complete(self) -> None:
        """Add the columns that a table of an older Engrave lacks."""
        there = set(self.pictures.schema.names)
        lacking = columns_of([name for name in PLAIN if name not in there])
        if len(lacking):
            self.pictures.add_columns(lacking)

    def _open(self, name: str, commit: int | None) -> Table:
        with _told(self.folder, "read"):
            table = _connect(self.folder).open_table(name)
            if commit is not None:
                table.checkout(commit)
            return table


def _connect(folder: Path) -> DBConnection:
    import lancedb  # seconds to import: only who opens a collection pays

    return lancedb.connect(folder)


@contextmanager
def _told(folder: Path, what: str) -> Iterator[None]:
    """Say in a sentence what LanceDB could not do."""
    try:
        yield
    except CollectionError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        advice = (
            "see that its disk has room and may be written to, then try again"
            if what != "read"
            else "copy it again, go back by `undo`, or remove it and import anew"
        )
        raise CollectionError(
            f"The collection '{folder.name}' could not be {what} ({reason}); {advice}."
        ) from error
