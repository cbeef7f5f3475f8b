"""Makes sure that no two entries of a source have one key. Holds the keys on disk."""

from __future__ import annotations

import itertools

from engrave.limits import one_line
from engrave.sources.scratch import scratch

MAX_KEY = 1_000  # characters


class Keys:
    """The keys that were given out."""

    def __init__(self) -> None:
        self._base = scratch()
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def claim(self, wanted: str, place: str) -> str:
        """Return the wanted key, or where it is empty or taken one that tells the place."""
        wanted = one_line(wanted[:MAX_KEY])
        key = first = wanted or place
        query = "INSERT OR IGNORE INTO keys VALUES (?)"
        for number in itertools.count(1):
            if self._base.execute(query, (key,)).rowcount == 1:
                break
            key = f"{first}@{place}" if number == 1 else f"{first}@{place}~{number}"
        return key
