"""Reads data sets whose pictures lie in Parquet files. Holds a handful of pictures at a time."""

from __future__ import annotations

import bisect
import itertools
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from engrave.errors import SourceError
from engrave.image import MAX_BYTES, checked_bytes
from engrave.sources.columns import IDS, cell_text, facts_of, find_column
from engrave.sources.entry import MAX_ENTRIES, Entry, Unread
from engrave.sources.keys import Keys
from engrave.sources.names import split_of
from engrave.sources.tree import mark_of
from engrave.sources.words import shown

NAMES = ("image", "images", "img", "picture", "photo", "scan", "bytes", "image_bytes", "data")
ROWS = 256  # of the small columns, read at a time
KEPT_BYTES = 2 * MAX_BYTES  # of pictures, for readers who ask side by side
DAMAGE = (OSError, ValueError, MemoryError, pa.ArrowException)


class Parquet:
    """The pictures of Parquet files, by their paths from the folder that they lie in."""

    def __init__(self, name: str, folder: Path, paths: Sequence[str]) -> None:
        self.name = name
        self.unread = Unread()
        self._damaged: list[tuple[str, str]] = []
        self._files: list[_File] = []
        for path in paths:
            try:
                self._files.append(_File(folder, path))
            except SourceError as error:
                self._damaged.append((path, str(error)))
        if not self._files:
            raise SourceError(self._damaged[0][1])
        self.count: int | None = sum(file.num_rows for file in self._files)
        if self.count > MAX_ENTRIES:
            raise SourceError(
                f"{shown(name)} holds {self.count:,} rows, more than {MAX_ENTRIES:,}; "
                "import its files one by one."
            )

    def entries(self) -> Iterator[Entry]:
        """Yield each row, files in the order of their paths."""
        keys = Keys()
        self.unread[:] = self._damaged
        for file in self._files:
            mark = mark_of(file.whole)
            for row, cells in file.rows(self.unread):
                place = f"{file.path}#{row}"
                named = find_column(cells, IDS)
                facts = facts_of(cells)
                yield Entry(
                    key=keys.claim(cell_text(cells[named]) if named else "", place),
                    read=partial(file.picture, row),
                    title=facts.title,
                    caption=facts.caption,
                    facets=({"split": file.split} if file.split else {}) | facts.facets,
                    address=facts.facets.get("url", place),
                    mark=f"{mark} {place}" if mark else "",
                )


def picture_column(path: Path, name: str) -> str | None:
    """Return the column of a file that holds pictures, None where none does; raises SourceError."""
    try:
        schema = pq.read_schema(path)
    except DAMAGE as error:
        raise SourceError(f"{shown(name)} is damaged; copy or export it again.") from error
    binary = [field.name for field in schema if _is_binary(field.type)]
    packed = [
        field.name
        for field in schema
        if types.is_struct(field.type)
        and any(part.name == "bytes" and _is_binary(part.type) for part in field.type)
    ]
    named = find_column(packed, NAMES) or next(iter(packed), None) or find_column(binary, NAMES)
    return named or (binary[0] if len(binary) == 1 else None)


class _File:
    """One Parquet file with a column of pictures."""

    def __init__(self, folder: Path, path: str) -> None:
        self.path, self._folder = path, folder.resolve()
        self.whole = self._folder / path
        column = picture_column(self.whole, path)
        if column is None:
            raise SourceError(
                f"{shown(path)} has no column of pictures; "
                "give it a binary column, or one named image with bytes and path."
            )
        self._column: str = column
        try:
            self._open = partial(pq.ParquetFile, self.whole, pre_buffer=False)
            with self._open() as file:
                schema, facts = file.schema_arrow, file.metadata
                groups = [facts.row_group(n).num_rows for n in range(facts.num_row_groups)]
        except DAMAGE as error:
            raise SourceError(f"{shown(path)} is damaged; copy or export it again.") from error
        self._starts = list(itertools.accumulate(groups, initial=0))
        self.num_rows = sum(groups)
        parts = [split_of(part) for part in reversed(path.split("/"))]
        self.split = next(filter(None, parts), "")
        self._small = [field for field in schema if _is_small(field.type)]
        self._labels = _class_names(schema)
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Any] = OrderedDict()
        self._running: Iterator[Any] | None = None
        self._next = self._end = 0

    def rows(self, unread: Unread) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the number and the small columns of each row, pictures left unread."""
        words = [field.name for field in self._small if _is_text(field.type)]
        names = [field.name for field in self._small]
        # one long word can stand in each row of a group: read row by row where it would be copied
        size = 1 if any(types.is_list(field.type) for field in self._small) else ROWS
        for group, start in enumerate(self._starts[:-1]):
            row, end = start, self._starts[group + 1]
            try:
                if not names:
                    yield from ((number, {}) for number in range(start, end))
                    continue
                with self._open(read_dictionary=words) as file:
                    batches = file.iter_batches(
                        size, row_groups=[group], columns=names, use_threads=False
                    )
                    for batch in batches:
                        for index in range(min(batch.num_rows, end - row)):
                            yield row, self._cells(batch, index)
                            row += 1
            except DAMAGE:
                pass
            if row < end:
                rows = f"Rows {row} to {end - 1} of {shown(self.path)}"
                unread.note(f"{self.path}#{row}", f"{rows} are damaged; export the file again.")

    def picture(self, row: int) -> bytes:
        """Return the encoded picture of a row; quick where rows are asked for in their order."""
        with self._lock:
            try:
                while row not in self._kept:
                    self._step(row)
                found = self._kept[row]
            except (*DAMAGE, StopIteration) as error:
                self._running = None
                raise SourceError(
                    f"Row {row} of {shown(self.path)} is damaged; export the file again."
                ) from error
        return checked_bytes(self._bytes_of(found, row))

    def _step(self, row: int) -> None:
        """Read one more picture, from the start of the row's group where that is shorter."""
        if self._running is None or not self._next <= row < self._end:
            group = bisect.bisect_right(self._starts, row) - 1
            self._next, self._end = self._starts[group], self._starts[group + 1]
            self._running = self._open().iter_batches(
                1, row_groups=[group], columns=[self._column], use_threads=False
            )
        found = next(self._running).column(0)[0].as_py()
        self._kept[self._next] = found
        self._next += 1
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)
        if len(self._kept) > ROWS:
            self._kept.popitem(last=False)

    def _bytes_of(self, found: Any, row: int) -> bytes:
        if isinstance(found, dict):
            data, path = found.get("bytes"), found.get("path")
            if data is None and isinstance(path, str) and path:
                return self._beside(path, row)
            found = data
        if found is None:
            raise SourceError(
                f"Row {row} of {shown(self.path)} holds no picture; fill or drop the row."
            )
        return bytes(found)

    def _beside(self, path: str, row: int) -> bytes:
        """Read a picture that a row names instead of holding it, only from the file's folder."""
        try:
            whole = (self.whole.parent / path).resolve()
            if whole.is_relative_to(self._folder) and whole.is_file():
                with whole.open("rb") as file:
                    return file.read(MAX_BYTES + 1)
        except (OSError, ValueError, RuntimeError):
            pass
        raise SourceError(
            f"Row {row} of {shown(self.path)} names '{shown(path)}', which is not in the folder; "
            "export the data set with its pictures."
        )

    def _cells(self, batch: Any, index: int) -> dict[str, Any]:
        cells = {}
        for field, column in zip(self._small, batch.columns, strict=True):
            cell = _value(column[index])
            labels = self._labels.get(field.name)
            if labels and isinstance(cell, int) and 0 <= cell < len(labels):
                cell = labels[cell]
            cells[field.name] = cell
        return cells


def _value(scalar: Any) -> Any:
    """Return a value as Python has it, nothing where Python has none: text that is no UTF-8, the
    year 20000."""
    try:
        return scalar.as_py()
    except (ValueError, ArithmeticError, pa.ArrowException):
        return None


def _size(found: Any) -> int:
    data = found.get("bytes") if isinstance(found, dict) else found
    return len(data or b"")


def _is_binary(kind: Any) -> bool:
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_binary(kind) or types.is_large_binary(kind)


def _is_text(kind: Any) -> bool:
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_string(kind) or types.is_large_string(kind)


def _is_small(kind: Any) -> bool:
    """Tell columns that say something of a picture from vectors and what nests deeper."""
    if types.is_list(kind):
        return _is_text(kind.value_type)
    return (
        _is_text(kind) or types.is_integer(kind) or types.is_floating(kind)
        or types.is_boolean(kind) or types.is_date(kind) or types.is_timestamp(kind)
    )  # fmt: skip


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Return the names of classes that a Hugging Face data set stores as numbers, by column."""
    try:
        page = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = page["info"]["features"]
        return {
            str(column): [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
