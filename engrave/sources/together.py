"""Several sources as one, the one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engrave.sources.entry import Entry, Source, Unread
from engrave.sources.keys import Keys


class Together:
    """Sources whose keys may meet, with keys that do not."""

    def __init__(self, name: str, parts: Sequence[Source]) -> None:
        self.name, self._parts = name, parts
        counts = [part.count for part in parts if part.count is not None]
        self.count: int | None = sum(counts) if len(counts) == len(parts) else None

    @property
    def unread(self) -> Unread:
        """What could not become an entry in any of them."""
        listed = Unread()
        for part in self._parts:
            for key, sentence in part.unread:
                listed.note(key, sentence)
        return listed

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of each."""
        keys = Keys()
        for number, part in enumerate(self._parts, 1):
            for entry in part.entries():
                yield replace(entry, key=keys.claim(entry.key, str(number)))
