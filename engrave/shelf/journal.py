"""Keeps what happened to a collection: its versions, and the import that has not ended yet.

LanceDB numbers each commit; a version of ours names the commits of both tables that belong to it,
so that an import of a hundred commits is undone in one step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engrave.errors import CollectionError

FORMAT = 1
FILE = "journal.json"
EDIT = "edit of"  # begins the words of a version that a person made


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a collection."""

    number: int
    before: int  # the version that an undo goes back to; -1 for the first
    pictures: int  # commit of the table of pictures
    map: int  # commit of the table of places
    kind: str  # of the map: "none", "pca" or "umap"
    rows: int
    what: str  # in words
    time: str  # UTC, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An import that was begun and has not ended."""

    source: str
    what: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """All versions of a collection, oldest first, and what is being imported."""

    model_version: str
    latent_width: int
    embedding_width: int
    versions: tuple[Version, ...]
    running: Running | None = None

    @property
    def current(self) -> Version:
        """The version that readers see while no import is running."""
        return self.versions[-1]

    @property
    def complete(self) -> bool:
        """Whether the last import came to its end."""
        return self.running is None

    @property
    def edited(self) -> bool:
        """Whether a person changed something by hand."""
        return any(one.what.startswith(EDIT) for one in self.versions)

    def version(self, number: int) -> Version:
        """Return one version; raises CollectionError where there is none of that number."""
        for one in self.versions:
            if one.number == number:
                return one
        last = self.current.number
        raise CollectionError(f"There is no version {number}; choose one from 0 to {last}.")

    def advanced(self, *, what: str, **facts: Any) -> Journal:
        """Return the journal with one more version, made from the current one."""
        now = self.current
        changed: dict[str, Any] = {"what": what, "time": now_text(), "before": now.number, **facts}
        fresh = replace(now, number=now.number + 1, **changed)
        return replace(self, versions=(*self.versions, fresh))

    def amended(self, **facts: Any) -> Journal:
        """Return the journal with other facts of the current version."""
        return replace(self, versions=(*self.versions[:-1], replace(self.current, **facts)))


def now_text() -> str:
    """Return the time as journals write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_journal(folder: Path, journal: Journal) -> None:
    """Write the journal; a reader sees the old one or the new one, also after a power cut."""
    path = folder / FILE
    scratch = path.with_suffix(".new")
    page = {"format": FORMAT, **asdict(journal)}
    with scratch.open("w", encoding="utf-8") as file:
        json.dump(page, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


def read_journal(folder: Path) -> Journal:
    """Read what `write_journal` wrote; raises CollectionError where it is damaged."""
    path = folder / FILE
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        found = page.pop("format")
        if found == FORMAT:
            return _journal(page)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CollectionError(
            f"The collection in {folder} is damaged ({FILE} cannot be read); copy it again, "
            "or remove it and import its pictures anew."
        ) from error
    raise CollectionError(
        f"The collection in {folder} has format {found}, this version reads {FORMAT}; "
        "update Engrave."
    )


def _journal(page: Mapping[str, Any]) -> Journal:
    facts = {**page, "versions": tuple(Version(**one) for one in page["versions"])}
    if not facts["versions"]:
        raise ValueError("no version")
    running = page["running"]
    return Journal(**{**facts, "running": Running(**running) if running else None})
