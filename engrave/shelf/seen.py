"""Remembers which bytes a file of a source had, so that what stayed as it was is not read again.

A file is known by its mark. All of it may be lost: then the files are read once more.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

FILE = "seen.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (origin TEXT, key TEXT, mark TEXT, sha256 TEXT,
  PRIMARY KEY (origin, key)) WITHOUT ROWID;
"""


class Seen:
    """The files of one source, as an import last saw them."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._origin = origin
        try:
            self._base = _opened(folder / FILE)
        except sqlite3.DatabaseError:  # a power cut may have left a half of it
            (folder / FILE).unlink(missing_ok=True)
            self._base = _opened(folder / FILE)

    def sha256(self, key: str, mark: str) -> str:
        """Return what the bytes of a file come to, empty where it is not the file that was seen."""
        query = "SELECT sha256 FROM seen WHERE origin = ? AND key = ? AND mark = ?"
        found = self._base.execute(query, (self._origin, _plain(key), mark)).fetchone()
        return str(found[0]) if found else ""

    def note(self, key: str, mark: str, sha256: str) -> None:
        """Remember a file, from the next `keep` on."""
        row = (self._origin, _plain(key), mark, sha256)
        self._base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", row)

    def keep(self) -> None:
        """Write what was noted."""
        self._base.commit()

    def close(self) -> None:
        """Let go of the file; what was not kept is forgotten."""
        self._base.close()


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path)
    base.executescript(SCHEMA)
    return base


def _plain(key: str) -> str:
    return key.encode("utf-8", "replace").decode()
