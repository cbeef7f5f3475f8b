"""Pictures that lie as files in a folder or ZIP, with what tables beside them say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from engrave.errors import SourceError
from engrave.sources import tables
from engrave.sources.addresses import is_address
from engrave.sources.columns import FILE, facts_of, find_column
from engrave.sources.entry import MAX_ENTRIES, Entry, Unread, read_picture
from engrave.sources.fetch import Fetcher
from engrave.sources.ledger import Ledger
from engrave.sources.names import (
    FOREIGN,
    PICTURES,
    TABLES,
    begins_as_picture,
    place_facets,
    suffix_of,
)
from engrave.sources.tree import Member, Tree
from engrave.sources.words import shown

MAX_TABLES = 1_000
MAX_NAME = 4_000  # characters of a path


class Pictures:
    """The pictures of a tree of files, and those on the network that its tables name.

    `named_only` leaves out those that no table names.
    """

    def __init__(
        self, tree: Tree, fetcher: Fetcher, beside: Member | None = None, named_only: bool = False
    ) -> None:
        self.name = tree.name
        self.unread = Unread()
        self._tree, self._fetcher, self._named_only = tree, fetcher, named_only
        found, listed = self._survey(beside)
        self._ledger = self._join(listed) if listed else None
        self.count: int | None = found
        if self._ledger:
            here = self._ledger.num_matched() if named_only else found
            self.count = here + self._ledger.num_remote()
        if named_only:
            self.name = posixpath.splitext(listed[0].path)[0]
        if self.count == 0:
            raise SourceError(self._emptiness(listed[0].path if named_only else ""))

    def entries(self) -> Iterator[Entry]:
        """Yield each picture in the order of the tree."""
        for member in self._tree.members():
            if not member.fault and _is_picture(member):
                cells = self._ledger.cells(member.path) if self._ledger else None
                if cells is not None or not self._named_only:
                    yield _entry(member, cells or {})
        for address, cells in self._ledger.remote() if self._ledger else ():
            yield _remote_entry(address, cells, self._fetcher)

    def _emptiness(self, table: str) -> str:
        why = f" ({self.unread[0][1].rstrip('.')})" if self.unread else ""
        if table:
            return (
                f"{shown(table)} names no picture that can be read{why}; "
                "give it a column file_name with paths that begin where it lies, or with addresses."
            )
        return (
            f"{shown(self.name)} holds no picture that can be read{why}; "
            "give a folder or ZIP with JPEG, PNG, WebP or TIFF files."
        )

    def _survey(self, beside: Member | None) -> tuple[int, list[Member]]:
        """Count the pictures, list the tables, note what looks like a picture and is not read."""
        count, listed = 0, [beside] if beside else []
        for member in self._tree.members():
            suffix = suffix_of(member.path)
            if self._named_only:
                count += not member.fault and _is_picture(member)
            elif member.fault:
                if member.path.endswith("/") or suffix in PICTURES or suffix in FOREIGN:
                    self.unread.note(member.path, _sentence(member.path, member.fault))
            elif suffix in FOREIGN:
                why = f"is {FOREIGN[suffix]}; save it as JPEG, PNG, WebP or TIFF"
                self.unread.note(member.path, _sentence(member.path, why))
            elif suffix in TABLES:
                listed.append(member)
            else:
                count += _is_picture(member)
            if count > MAX_ENTRIES or len(listed) > MAX_TABLES:
                raise SourceError(
                    f"{shown(self.name)} holds more than {MAX_ENTRIES:,} pictures "
                    f"or {MAX_TABLES:,} tables; divide it and import the parts."
                )
        return count, listed

    def _join(self, listed: list[Member]) -> Ledger:
        members = self._tree.members()
        ledger = Ledger(
            (m.path for m in members if not m.fault and _is_picture(m)), self._tree.name
        )
        for number, table in enumerate(listed):
            try:
                self._read_table(ledger, number, table)
            except (OSError, SourceError) as error:
                why = getattr(error, "strerror", None) or error
                self._note_table(table, "table", f"cannot be read to its end ({why})")
        return ledger

    def _read_table(self, ledger: Ledger, number: int, table: Member) -> None:
        read = tables.csv_rows if TABLES[suffix_of(table.path)] == "csv" else tables.json_rows
        folder = posixpath.dirname(table.path)
        column: str | None = None
        for row, cells in read(table.open, partial(self._note_table, table)):
            if column is None or column not in cells:
                column = find_column(cells, FILE) or _column_of_files(cells)
            if column is None:
                names = shown(", ".join(map(str, list(cells)[:8])))
                why = f"names no file (columns: {names}); a column file_name is needed"
                self._note_table(table, row, why)
                return
            name = str(cells.pop(column, None) or "").strip()
            fault = self._keep_row(ledger, number, folder, name, cells)
            if fault:
                self._note_table(table, row, fault)

    def _keep_row(
        self, ledger: Ledger, number: int, folder: str, name: str, cells: dict[str, object]
    ) -> str:
        """Keep a row for the picture that it names; returns why that cannot be done."""
        if not name:
            return "names no file; mend the row or leave it out"
        named = f"'{shown(name)}'"
        if is_address(name):
            try:
                self._fetcher.check(name)
            except SourceError as error:
                return f"is left out: {str(error).rstrip('.')}"
            return (
                "" if ledger.add_remote(name, cells) else f"names {named} again; the first counts"
            )
        path = ledger.find(name[:MAX_NAME], folder)
        if path is None:
            return f"names {named}, which is not there; mend the name or add the picture"
        if not ledger.add(path, number, cells):
            return f"names {named} again; its first row counts"
        return ""

    def _note_table(self, table: Member, row: str, why: str) -> None:
        self.unread.note(f"{table.path}#{row}", f"{row.capitalize()} of {shown(table.path)} {why}.")


def _entry(member: Member, cells: dict[str, object]) -> Entry:
    facts = facts_of(cells)
    return Entry(
        key=member.path,
        read=partial(read_picture, member.open, member.path),
        title=facts.title,
        caption=facts.caption,
        facets=place_facets(member.path) | facts.facets,
        address=facts.facets.get("url", member.path),
        mark=member.mark(),
    )


def _remote_entry(address: str, cells: dict[str, object], fetcher: Fetcher) -> Entry:
    facts = facts_of(cells)
    return Entry(
        key=address,
        read=partial(fetcher.get, address),
        title=facts.title,
        caption=facts.caption,
        facets=facts.facets,
        address=facts.facets.get("url", address),
    )


def _sentence(path: str, why: str) -> str:
    return f"{shown(path)} {why}."


def _is_picture(member: Member) -> bool:
    """Tell by its ending, and without one by its first bytes."""
    suffix = suffix_of(member.path)
    if suffix:
        return suffix in PICTURES
    try:
        with member.open() as file:
            return begins_as_picture(file.read(16))
    except OSError:
        return False


def _column_of_files(cells: dict[str, object]) -> str | None:
    """Return the column that holds the name of a picture, whatever it is called."""
    texts = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
    return next((name for name, text in texts.items() if suffix_of(text) in PICTURES), None)
