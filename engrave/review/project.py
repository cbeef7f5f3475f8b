"""The records of a piece of work, on one page or in one file of JSON lines.

The first line of a file says what it is and holds the house style; each further line is a record,
and of lines with the same key the last one counts, so that a run may append.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from engrave.errors import ReviewError
from engrave.review.parsing import from_json
from engrave.review.record import DECIDED, MACHINE, STATES, Record
from engrave.review.style import Style, style_from_json
from engrave.whole import whole_file

FORMAT = "engrave-review"
VERSION = 1
FILTERS = ("all", "open", *STATES)  # open: nobody has decided yet
OPEN = ("machine", "edited")
BEGINS = b'{"key": "'  # each line of a record


class Project:
    """Records by key, in the order they came; a batch may add while a person reviews."""

    def __init__(self, records: Iterable[Record] = (), style: Style | None = None) -> None:
        self._records = {record.key: record for record in records}
        self._lock = Lock()
        self.style = style or Style()
        self.unread: dict[str, str] = {}  # name of a file -> why it could not be read

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records.values()))

    def get(self, key: str) -> Record | None:
        """Return a record, or None where there is none of that key."""
        return self._records.get(key)

    def needed(self, key: object) -> Record:
        """Return a record; raises ReviewError where there is none of that key."""
        found = self._records.get(key) if isinstance(key, str) else None
        if found is None:
            raise ReviewError("This picture is not in the project; choose one from its table.")
        return found

    def put(self, record: Record) -> Record:
        """Add a record or replace the one of its key."""
        with self._lock:
            self._records[record.key] = record
        return record

    def suggest(self, record: Record) -> bool:
        """Take what the machine wrote, unless a person worked on that picture meanwhile."""
        with self._lock:
            old = self._records.get(record.key)
            if old is not None and old.state != MACHINE:
                return False
            self._records[record.key] = record
            return True

    def change(self, key: object, how: Callable[[Record], Record]) -> Record:
        """Replace a record by what a function makes of it; the function is asked again where
        somebody else changed the record meanwhile."""
        while True:
            old = self.needed(key)
            new = how(old)
            with self._lock:
                if self._records.get(old.key) is old:
                    self._records[old.key] = new
                    return new

    def counts(self) -> dict[str, int]:
        """Return how many records are in each state, and how many could not be read."""
        found = Counter(record.state for record in self)
        return {state: found[state] for state in STATES} | {"unread": len(self.unread)}

    def chosen(self, which: str = "all") -> list[Record]:
        """Return the records that a filter lets through."""
        if which not in FILTERS:
            raise ReviewError(f"There is no filter '{which}'; choose {', '.join(FILTERS)}.")
        states = {"all": STATES, "open": OPEN}.get(which, (which,))
        return [record for record in self if record.state in states]

    def after(self, key: str, which: str = "open", step: int = 1) -> Record | None:
        """Return the next record that a filter lets through, round the end; None for no other."""
        order = list(self)
        place = next((at for at, record in enumerate(order) if record.key == key), -1)
        turned = (
            order[place + 1 :] + order[:place]
            if step > 0
            else (order[:place][::-1] + order[place + 1 :][::-1])
        )
        keys = {record.key for record in self.chosen(which)}
        return next((record for record in turned if record.key in keys), None)

    def lines(self) -> Iterator[str]:
        """Yield the file's lines."""
        yield self.header() + "\n"
        for record in self:
            yield line_of(record)

    def header(self) -> str:
        """Return the first line of a file."""
        page = {"format": FORMAT, "version": VERSION, "style": self.style.as_json()}
        return json.dumps(page, ensure_ascii=False)

    def save(self, path: Path) -> None:
        """Write beside, then rename, so that nothing is lost where writing fails."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as scratch, scratch.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(self.lines())

    def restyle(self, style: Style) -> None:
        """Take another house style; captions that are there stay."""
        self.style = style


def append(record: Record, path: Path) -> None:
    """Write a record behind the others of a file; whoever is killed meanwhile leaves at most a part
    of a line, which `read_project` passes over."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line_of(record))


def line_of(record: Record) -> str:
    """Return a record as one line."""
    return json.dumps(record.as_json(), ensure_ascii=False) + "\n"


def read_project(data: bytes) -> Project:
    """Return the project of a file; raises ReviewError, which names the line that is wrong."""
    try:
        # not splitlines: captions may hold U+2028
        lines = _whole(data).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ReviewError("This project is not UTF-8; load the file as it was saved.") from error
    pages = [(at, _page(line, at)) for at, line in enumerate(lines, 1) if line.strip()]
    style = Style()
    if pages and pages[0][1].get("format") == FORMAT:
        head = pages.pop(0)[1]
        if head.get("version") != VERSION:
            raise ReviewError(
                f"This project is of version {head.get('version')} and version {VERSION} is read; "
                "save it again with the Engrave that wrote it."
            )
        style = style_from_json(head.get("style", {}))
    return Project([_record(page, at) for at, page in pages], style)


def _whole(data: bytes) -> bytes:
    """Return the lines without a last one that somebody was writing when they were stopped."""
    before, _, last = data.rpartition(b"\n")
    begun = last[: len(BEGINS)] == BEGINS[: len(last)]
    try:
        json.loads(last or b"0")
    except (ValueError, RecursionError):
        return before if before and begun else data
    return data


def _page(line: str, at: int) -> dict[str, Any]:
    try:
        page = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReviewError(
            f"Line {at} of the project is no JSON; it may be cut short. Take that line out."
        ) from error
    if not isinstance(page, dict):
        raise ReviewError(f"Line {at} of the project is no record; take that line out.")
    return page


def _record(page: dict[str, Any], at: int) -> Record:
    try:
        return from_json(page)
    except ReviewError as error:
        raise ReviewError(f"Line {at}: {error}") from error


def merged(project: Project, records: Iterable[Record]) -> int:
    """Take records in, save where what is there is newer or a person's and they are not; return how
    many were taken."""
    count = 0
    for record in records:
        own = project.get(record.key)
        if own is None or _rank(record) >= _rank(own):
            project.put(replace(record))
            count += 1
    return count


def taken_in(count: int, whole: int) -> str:
    """Return in words what became of the records of a file."""
    kept = whole - count
    rest = f" {kept} stayed as they are here, which is newer." if kept else ""
    return f"{count} of {whole} records were taken in.{rest}"


def _rank(record: Record) -> tuple[bool, str, bool, str]:
    """Return what says which of two records of a picture stands: a person's before a machine's,
    then the later, then a decision before an edit of which nobody noted the time."""
    touched = max(record.reviewed, record.changed)
    person = record.state != MACHINE or bool(touched)
    return person, touched, record.state in DECIDED, record.machine.written
