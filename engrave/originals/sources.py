"""What scans are had from: the answers of every source, and sources on this disk. Knows no net."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from engrave.errors import OriginalsError
from engrave.image import MAX_BYTES
from engrave.originals.wanted import Wanted

NEEDED = ("gutenberg_id", "source_path", "image")
KEPT_GROUPS = 2  # row groups held in memory


@dataclass(frozen=True, slots=True)
class Got:
    """A file that may be the scan."""

    data: bytes
    address: str  # where it came from


@dataclass(frozen=True, slots=True)
class Missed:
    """Why a scan was not had; `final` where asking the same source again is of no use."""

    why: str
    final: bool
    wait_s: float = 0.0  # that the source asks for before another try


class Supply(Protocol):
    """Where scans come from."""

    @property
    def name(self) -> str: ...

    def fetch(self, wanted: Wanted) -> Got | Missed:
        """Return a file or why not; raises OriginalsError where no further one can be had."""
        ...


def paths_of(wanted: Wanted) -> Iterator[str]:
    """Yield where a mirror may hold a file: its tree of books, then what is generated from it.

    Book 16102 lies in 1/6/1/0/16102, and book 7 in 0/7.
    """
    number, path = str(wanted.gutenberg_id), wanted.source_path
    yield f"{'/'.join(number[:-1]) or '0'}/{number}/{path}"
    yield f"files/{number}/{path}"
    if PurePosixPath(path).parts[0].endswith("-h"):
        yield f"cache/epub/{number}/{path.split('/', 1)[1]}"


class Tree:
    """A copy of a mirror's files on this disk, as rsync makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, str(folder)

    def fetch(self, wanted: Wanted) -> Got | Missed:
        """Return the first file that is there."""
        number = wanted.gutenberg_id
        for path in (*paths_of(wanted), f"{number}/{wanted.source_path}", wanted.source_path):
            file = self.folder / path
            if file.is_file():
                try:
                    with file.open("rb") as opened:
                        return Got(opened.read(MAX_BYTES + 1), path)
                except OSError as error:
                    return Missed(f"{path} cannot be read ({error.strerror})", final=False)
        return Missed(f"{self.folder} does not hold it", final=True)


class Copy:
    """Parquet files with the columns gutenberg_id, source_path and image."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._places: dict[tuple[int, str], tuple[Path, int, int]] = {}
        self._group = lru_cache(maxsize=KEPT_GROUPS)(_pictures)
        for path in sorted(folder.glob("*.parquet")):
            self._index(path)

    def fetch(self, wanted: Wanted) -> Got | Missed:
        """Return the picture of a row."""
        place = self._places.get((wanted.gutenberg_id, wanted.source_path))
        if place is None:
            return Missed(f"{self.name} does not hold it", final=True)
        path, group, row = place
        try:
            data = self._group(path, group)[row].as_py()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise OriginalsError(f"{path} is damaged ({error}); copy it again.") from error
        return Got(data, path.name) if data else Missed(f"{path.name} has no picture", final=True)

    def _index(self, path: Path) -> None:
        try:
            file = pq.ParquetFile(path)
            if not set(NEEDED) <= set(file.schema_arrow.names):
                return
            for group in range(file.num_row_groups):
                columns = file.read_row_group(group, columns=list(NEEDED[:2])).to_pydict()
                for row, key in enumerate(zip(*columns.values(), strict=True)):
                    self._places[key] = (path, group, row)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise OriginalsError(f"{path} is damaged ({error}); copy it again.") from error


def open_folder(folder: Path) -> Supply:
    """Return what reads a folder: parquet files, else a copy of a mirror's files."""
    if not folder.is_dir():
        raise OriginalsError(f"{folder} is no folder; name one with parquet files or scans.")
    return Copy(folder) if any(folder.glob("*.parquet")) else Tree(folder)


def _pictures(path: Path, group: int) -> pa.ChunkedArray:
    table = pq.ParquetFile(path).read_row_group(group, columns=["image"])
    return table.flatten().column("image.bytes")
