"""A database for the time of one import, on disk, so that memory stays small."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from typing import TypeVar

from engrave.errors import SourceError

T = TypeVar("T")


class Scratch(sqlite3.Connection):
    """A connection that tells in words where the disk has no room."""

    def execute(self, *given: object) -> sqlite3.Cursor:
        """Do as sqlite3 does; raises SourceError."""
        return _told(lambda: super(Scratch, self).execute(*given))  # type: ignore[arg-type]

    def executemany(self, *given: object) -> sqlite3.Cursor:
        """Do as sqlite3 does; raises SourceError."""
        return _told(lambda: super(Scratch, self).executemany(*given))  # type: ignore[arg-type]

    def executescript(self, *given: object) -> sqlite3.Cursor:
        """Do as sqlite3 does; raises SourceError."""
        return _told(lambda: super(Scratch, self).executescript(*given))  # type: ignore[arg-type]


def scratch() -> Scratch:
    """Return a fresh database that threads may share, one at a time."""
    # the empty name is a file that the system removes when it is closed
    return sqlite3.connect("", check_same_thread=False, factory=Scratch)


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except sqlite3.OperationalError as error:
        raise SourceError(
            f"The list of what is imported cannot be kept on disk ({error}); "
            f"make room in {tempfile.gettempdir()}, or set TMPDIR to a folder that has some."
        ) from error
