"""Lists the files of a folder. Follows no link out of it, and knows nothing of what files hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from engrave.errors import SourceError
from engrave.sources.entry import MAX_ENTRIES
from engrave.sources.names import is_litter
from engrave.sources.words import printable

MAX_DEPTH = 100  # folders within folders
NOWHERE = "is a link that leads nowhere; put the file itself there"
CLOSED = "cannot be entered; give the right to read it, or take it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a tree; a path that ends with / is a folder that cannot be entered."""

    path: str  # from the top of the tree, with /
    open: Callable[[], BinaryIO]
    fault: str = ""  # why it is not to be opened
    mark: Callable[[], str] = str  # as an entry has it


class Tree(Protocol):
    """Files by their paths, always in the same order."""

    name: str

    def members(self) -> Iterator[Member]:
        """Yield each file that is no litter."""
        ...


class Folder:
    """A folder on disk as a tree."""

    def __init__(self, top: Path) -> None:
        self.top = top.resolve()
        self.name = printable(self.top.name) or "folder"

    def members(self) -> Iterator[Member]:
        """Yield each file that is no litter, by name, folders within their place in the order."""
        waiting, seen = [(self.top, "")], 0
        while waiting:
            path, inner = waiting.pop()
            if path.is_dir() and not (inner and path.is_symlink()):
                found = _listing(path, MAX_ENTRIES - seen)
                if found is None or inner.count("/") >= MAX_DEPTH:
                    yield Member(path=f"{inner}/", open=partial(_open, path), fault=CLOSED)
                    continue
                seen += len(found)
                start = f"{inner}/" if inner else ""
                waiting += [(path / name, start + printable(name)) for name in reversed(found)]
            else:
                slash = "/" if path.is_dir() else ""  # a link to a folder
                opening = partial(_open, path)
                mark = partial(mark_of, path)
                yield Member(path=inner + slash, open=opening, fault=self._fault(path), mark=mark)

    def _fault(self, path: Path) -> str:
        try:
            if path.is_symlink():
                target = path.resolve()
                if not target.is_relative_to(self.top):
                    return "is a link that leads out of the folder; put the file itself there"
                if target.is_dir():
                    return "is a link to a folder, which is read where it lies"
                if not target.exists():
                    return NOWHERE
            return "" if path.is_file() else "is no plain file; put a picture there"
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            return NOWHERE


def mark_of(path: Path) -> str:
    """Return what changes when a file is written to or another takes its place."""
    try:
        found = path.stat()
    except OSError:
        return ""
    # the time of the change of its state too: copies may keep the time of their writing
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_ino}"


def _open(path: Path) -> BinaryIO:
    """Open a file, never waiting for the other end of a pipe that took its place."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _listing(path: Path, room: int) -> list[str] | None:
    """Return the names in a folder in their order; None where it cannot be entered."""
    found: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if not is_litter(entry.name):
                    found.append(entry.name)
                if len(found) > room:
                    raise SourceError(
                        f"There are more than {MAX_ENTRIES:,} files in the folder; "
                        "divide it and import the parts."
                    )
    except OSError:
        return None
    return sorted(found)
