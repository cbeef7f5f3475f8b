"""What every source of pictures gives: entries, and a list of what could not become one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from engrave.errors import SourceError
from engrave.image import MAX_BYTES, checked_bytes
from engrave.sources.words import shown

MAX_ENTRIES = 1_000_000  # of one source
MAX_UNREAD = 10_000  # that are listed one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One picture of a source, not read yet."""

    key: str  # stable and unique within its source: relative path, row id, canvas id
    read: Callable[[], bytes]  # the encoded picture; raises SourceError or PictureError
    title: str = ""  # printed title or label
    caption: str = ""  # what the source says of it
    facets: Mapping[str, str] = field(default_factory=dict)  # folder, subject, book, rights, ...
    address: str = ""  # where the original can be seen: a path within the source, or a URL
    mark: str = ""  # another one where the bytes may be others; empty where only reading them tells


class Unread(list[tuple[str, str]]):
    """Keys with a sentence each; ends with a line of its own where there are too many to list."""

    def note(self, key: str, sentence: str) -> None:
        """Add one, while there is room."""
        if len(self) < MAX_UNREAD:
            self.append((key, sentence))
        elif len(self) == MAX_UNREAD:
            self.append(("...", f"More than {MAX_UNREAD:,} could not be read; here are the first."))


class Source(Protocol):
    """Pictures from anywhere, always in the same order."""

    name: str  # a good name for the collection, if nobody gives another
    count: int | None  # how many entries, where known beforehand

    @property
    def unread(self) -> Unread:
        """What could not become an entry, with a sentence each; whole when `entries` has ended."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Yield each picture; begins anew with each call."""
        ...


def read_picture(open_file: Callable[[], BinaryIO], name: str) -> bytes:
    """Return the bytes of a picture's file, never more than are read of one."""
    try:
        with open_file() as file:
            return checked_bytes(file.read(MAX_BYTES + 1))
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise SourceError(f"{shown(name)} cannot be opened ({reason}); check the file.") from error
