"""Brings rows of tables and files together by name, on disk, so that memory stays small.

Knows which spellings of a name mean the same file, and nothing of what rows say.
"""

from __future__ import annotations

import json
import posixpath
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engrave.sources.names import folded
from engrave.sources.scratch import scratch

SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE files (path TEXT PRIMARY KEY, folded TEXT, bare TEXT, base TEXT, stem TEXT)
  WITHOUT ROWID;
CREATE TABLE rows (path TEXT, tabled INTEGER, cells TEXT, PRIMARY KEY (path, tabled)) WITHOUT ROWID;
CREATE TABLE remote (number INTEGER PRIMARY KEY, address TEXT UNIQUE, cells TEXT);
"""
INDEXES = "".join(
    f"CREATE INDEX by_{name} ON files ({name});" for name in ("folded", "bare", "base", "stem")
)


class Ledger:
    """Files and the rows that name them."""

    def __init__(self, paths: Iterable[str], top: str) -> None:
        self._top = f"../{top}/"  # what a table beside the folder writes before its files
        self._base = scratch()
        self._lock = threading.Lock()
        self._base.executescript(SCHEMA)
        self._base.executemany(
            "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?)", map(_spellings, paths)
        )
        self._base.executescript(INDEXES)

    def find(self, name: str, folder: str) -> str | None:
        """Return the path of the file that a row means; the folder is that of its table."""
        name = name.encode("utf-8", "replace").decode().replace("\\", "/").strip()
        beside = posixpath.normpath(posixpath.join(folder, name)).removeprefix(self._top)
        with self._lock:
            for column, wanted in (
                ("path", beside), ("folded", folded(beside)), ("bare", folded(beside)),
                ("folded", folded(posixpath.normpath(name))),
                ("base", folded(posixpath.basename(name))),
                ("stem", folded(posixpath.basename(name))),
            ):  # fmt: skip
                query = f"SELECT path FROM files WHERE {column} = ? LIMIT 2"
                found = self._base.execute(query, (wanted,)).fetchall()
                if len(found) == 1:  # of two files with one name neither is meant for certain
                    return str(found[0][0])
        return None

    def add(self, path: str, tabled: int, cells: Mapping[str, object]) -> bool:
        """Keep a row of a table for a file; False where that table had one for it before."""
        text = json.dumps(cells, default=str)
        with self._lock:
            done = self._base.execute(
                "INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", (path, tabled, text)
            )
        return done.rowcount == 1

    def add_remote(self, address: str, cells: Mapping[str, object]) -> bool:
        """Keep a row whose picture lies on the network; False where the address is known."""
        text = json.dumps(cells, default=str)
        with self._lock:
            query = "INSERT OR IGNORE INTO remote (address, cells) VALUES (?, ?)"
            return self._base.execute(query, (address, text)).rowcount == 1

    def remote(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield addresses with their rows, in the order of the tables."""
        number = 0
        while True:
            with self._lock:
                query = "SELECT number, address, cells FROM remote WHERE number > ? LIMIT 1"
                found = self._base.execute(query, (number,)).fetchone()
            if found is None:
                return
            number = int(found[0])
            yield str(found[1]), json.loads(found[2])

    def cells(self, path: str) -> dict[str, Any] | None:
        """Return what the tables say of a file, the first one's word before the next one's."""
        with self._lock:
            query = "SELECT cells FROM rows WHERE path = ? ORDER BY tabled DESC"
            found = self._base.execute(query, (path,)).fetchall()
        merged: dict[str, Any] = {}
        for (text,) in found:
            merged |= {name: cell for name, cell in json.loads(text).items() if cell}
        return merged if found else None

    def num_matched(self) -> int:
        """Return how many files have a row."""
        return self._count("SELECT COUNT(DISTINCT path) FROM rows")

    def num_remote(self) -> int:
        """Return how many rows have a picture on the network."""
        return self._count("SELECT COUNT(*) FROM remote")

    def _count(self, query: str) -> int:
        with self._lock:
            return int(self._base.execute(query).fetchone()[0])


def _spellings(path: str) -> tuple[str, str, str, str, str]:
    whole, base = folded(path), folded(posixpath.basename(path))
    return path, whole, posixpath.splitext(whole)[0], base, posixpath.splitext(base)[0]
