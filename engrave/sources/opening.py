"""Tells what kind of source a path or an address is, and opens it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engrave.errors import SourceError
from engrave.sources.addresses import allowed_hosts, is_address
from engrave.sources.archive import Zip
from engrave.sources.entry import Source
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif import MAX_PAGE_BYTES, Iiif, read_page
from engrave.sources.names import PICTURES, TABLES, suffix_of
from engrave.sources.parquet import Parquet, picture_column
from engrave.sources.pictures import Pictures
from engrave.sources.together import Together
from engrave.sources.tree import Folder, Member
from engrave.sources.words import printable, shown


def open_source(what: str | Path, *, hosts: Sequence[str] = (), private: bool = False) -> Source:
    """Open a folder, ZIP, table of pictures, Parquet file or IIIF address; raises SourceError.

    Only the given hosts are asked, else those of ENGRAVE_HOSTS; `private` opens private networks
    to them, which no page and no setting can do.
    """
    fetcher = Fetcher(hosts or allowed_hosts(), private=private)
    if isinstance(what, str) and is_address(what.strip()):
        address = what.strip()
        page = read_page(fetcher.get(address, MAX_PAGE_BYTES), address)
        return Iiif(page, address, fetcher)
    path = Path(os.path.expanduser(what))
    name = shown(what)
    try:
        if path.is_dir():
            return _folder(path, fetcher)
        if not path.is_file():
            raise SourceError(f"There is no file or folder '{name}'; check the name.")
        if path.suffix.lower() in TABLES:
            table = _member(path, path.name)
            return Pictures(Folder(path.resolve().parent), fetcher, table, named_only=True)
        if path.suffix.lower() == ".parquet":
            return Parquet(printable(path.stem), path.resolve().parent, [path.name])
        if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
            return Pictures(Zip(path), fetcher, _beside(path))
        if path.suffix.lower() == ".json":
            return Iiif(_json(path, name), name, fetcher)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"'{name}' cannot be opened ({reason}); check it.") from error
    raise SourceError(
        f"'{name}' is no folder, ZIP, table, Parquet file or IIIF manifest; "
        "give one of these, or put the pictures in a folder."
    )


def _folder(path: Path, fetcher: Fetcher) -> Source:
    """Open the Parquet files of a folder, its pictures, or both."""
    tree = Folder(path)
    tables, has_pictures = [], False
    for member in tree.members():
        suffix = "" if member.fault else suffix_of(member.path)
        has_pictures = has_pictures or suffix in PICTURES
        if suffix == ".parquet" and _may_hold_pictures(tree.top, member.path):
            tables.append(member.path)
    if not tables:
        return Pictures(tree, fetcher, _beside(path))
    parquet = Parquet(tree.name, tree.top, tables)
    if has_pictures:
        return Together(tree.name, [parquet, Pictures(tree, fetcher, _beside(path))])
    return parquet


def _json(path: Path, name: str) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(MAX_PAGE_BYTES + 1)
    if len(data) > MAX_PAGE_BYTES:
        raise SourceError(
            f"'{name}' has more than {MAX_PAGE_BYTES // 1_000_000} MB; divide the manifest."
        )
    return read_page(data, name)


def _may_hold_pictures(folder: Path, table: str) -> bool:
    """Leave out other tables, but keep damaged ones, so that they are told of."""
    try:
        return picture_column(folder / table, table) is not None
    except SourceError:
        return True


def _beside(path: Path) -> Member | None:
    """Return the table of a folder or ZIP that lies beside it under its name."""
    whole = path.resolve()
    stem = whole.name if whole.is_dir() else whole.stem
    tables = (whole.parent / f"{stem}{suffix}" for suffix in TABLES)
    return next((_member(table, f"../{table.name}") for table in tables if table.is_file()), None)


def _member(path: Path, name: str) -> Member:
    return Member(path=printable(name), open=lambda: path.open("rb"))
