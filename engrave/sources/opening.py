"""Tells what kind of source a path or an address is, and opens it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from engrave.errors import SourceError
from engrave.sources.archive import Zip
from engrave.sources.entry import Source
from engrave.sources.names import TABLES
from engrave.sources.pictures import Pictures
from engrave.sources.tree import Folder, Member, printable


def open_source(what: str | Path, *, hosts: Sequence[str] = ()) -> Source:
    """Open a folder, a ZIP or a table of pictures; raises SourceError."""
    path = Path(what).expanduser()
    name = printable(str(what))[:200]
    try:
        if path.is_dir():
            return Pictures(Folder(path), _beside(path))
        if not path.is_file():
            raise SourceError(f"There is no file or folder {name!r}; check the name.")
        if path.suffix.lower() in TABLES:
            table = _member(path, path.name)
            return Pictures(Folder(path.resolve().parent), table, named_only=True)
        if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
            return Pictures(Zip(path), _beside(path))
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{name!r} cannot be opened ({reason}); check it.") from error
    raise SourceError(
        f"{name!r} is no folder, ZIP or table of pictures; "
        "give one of these, or put the pictures in a folder."
    )


def _beside(path: Path) -> Member | None:
    """Return the table of a folder or ZIP that lies beside it under its name."""
    whole = path.resolve()
    stem = whole.name if whole.is_dir() else whole.stem
    tables = (whole.parent / f"{stem}{suffix}" for suffix in TABLES)
    return next((_member(table, f"../{table.name}") for table in tables if table.is_file()), None)


def _member(path: Path, name: str) -> Member:
    return Member(path=printable(name), open=lambda: path.open("rb"))
