"""All own collections of one home: lists, opens, edits, undoes and removes them.

    shelf = Shelf()                      # $ENGRAVE_HOME/collections, else the user's cache
    shelf.names()                        # ["dore", "schools"]
    volume = shelf.open("dore")          # reads as engrave.collection.Collection does
    shelf.stamp("dore") != volume.stamp  # whether it was written to since
    shelf.edit("dore", {id: Edit(caption="a lion")})
    shelf.undo("dore")

What a visitor imports for himself lies in a shelf of his own: Shelf(a folder of his session).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from engrave.collection import Collection
from engrave.collection.insight import home as default_home
from engrave.collection.mapping import FEWEST, umap_aside
from engrave.collection.vectors import unit
from engrave.errors import CollectionError
from engrave.progress import Progress
from engrave.shelf.journal import (
    EDIT,
    FILE,
    Journal,
    Version,
    now_text,
    read_journal,
    write_journal,
)
from engrave.shelf.lock import writing
from engrave.shelf.names import checked_name
from engrave.shelf.records import FACET, LONGEST_TEXT, columns_of, facets_text
from engrave.shelf.store import Store
from engrave.shelf.volume import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a list of collections says of one."""

    name: str
    pictures: int
    bytes: int  # on disk, older versions included
    version: int
    complete: bool  # False while an import runs, or where it was stopped
    map: str  # "none", "pca" or "umap"
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What changes in one picture; None leaves it, an empty text takes it away."""

    caption: str | None = None
    title: str | None = None
    facets: Mapping[str, str] | None = None  # those that change


class Shelf:
    """The collections under one home; processes may share it."""

    def __init__(self, home: Path | None = None) -> None:
        self.folder = (home or default_home()) / "collections"

    def names(self) -> list[str]:
        """Return the names of all collections, in order."""
        if not self.folder.is_dir():
            return []
        found = (path.parent.name for path in self.folder.glob(f"*/{FILE}"))
        return sorted(name for name in found if not name.startswith("."))

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def path(self, name: str) -> Path:
        """Return the folder of a collection that is there."""
        folder = self.folder / checked_name(name)
        if not (folder / FILE).is_file():
            there = ", ".join(self.names()[:10]) or "none yet; make one by `import`"
            raise CollectionError(f"There is no collection called '{name}' (there are: {there}).")
        return folder

    def open(self, name: str, version: int | None = None) -> Volume:
        """Return a collection for reading, as it is now or as a version had it."""
        folder = self.path(name)
        journal = read_journal(folder)
        return Volume(name, folder, journal, None if version is None else journal.version(version))

    def stamp(self, name: str) -> str:
        """Return what `Volume.stamp` of a complete collection would be if it were opened now."""
        now = read_journal(self.path(name)).current
        return f"{now.number}-{now.pictures}-{now.map}-{now.rows}"

    def standing(self, name: str) -> Standing:
        """Return what is known of a collection without opening it."""
        folder = self.path(name)
        journal = read_journal(folder)
        now = journal.current
        return Standing(
            name=name,
            pictures=now.rows if journal.complete else Store(folder).count(),
            bytes=_bytes(folder),
            version=now.number,
            complete=journal.complete,
            map=now.kind,
            model_version=journal.model_version,
        )

    def journal(self, name: str) -> Journal:
        """Return the versions of a collection and the import that has not ended."""
        return read_journal(self.path(name))

    def undo(self, name: str, to: int | None = None) -> Version:
        """Take the last import or edit back, or go to a version; the undone one can be gone to.

        An import that has not ended is what is taken back first.
        """
        with self.writer(name) as (store, journal):
            if to is None and journal.running:
                store.rewind(journal.current)
                journal = replace(journal, running=None).amended(**store.commits())
                write_journal(store.folder, journal)
                return journal.current
            number = journal.current.before if to is None else to
            if number < 0 and to is None:
                raise CollectionError(f"'{name}' has nothing to undo; this is its first state.")
            target = journal.version(number)
            store.rewind(target)
            what = f"back to version {target.number}"
            kept = {"rows": target.rows, "kind": target.kind, "before": target.before}
            journal = replace(journal, running=None).advanced(what=what, **store.commits() | kept)
            write_journal(store.folder, journal)
            return journal.current

    def edit(self, name: str, edits: Mapping[str, Edit]) -> Version:
        """Change captions, titles and facets of pictures by their ids, as one version."""
        with self.writer(name) as (store, journal):
            rows = _rows_of(store, name, edits)
            columns = ["id", "title", "caption", "caption_by", "facets", "edited"]
            changed = [_edited(row, edits[row["id"]]) for row in rows]
            some = [{column: row[column] for column in columns} for row in changed]
            store.change(pa.Table.from_pylist(some, schema=columns_of(columns)))
            return self._kept(store, journal, f"{EDIT} {_count(len(changed))}")

    def delete(self, name: str, ids: Sequence[str]) -> Version:
        """Take pictures out of a collection, as one version."""
        with self.writer(name) as (store, journal):
            _rows_of(store, name, dict.fromkeys(ids, Edit()))
            store.delete(list(dict.fromkeys(ids)))
            return self._kept(store, journal, f"{_count(len(set(ids)))} taken out")

    def remove(self, name: str) -> None:
        """Delete a collection with all its versions."""
        folder = self.path(name)
        with writing(folder):
            # renamed first, so that nobody opens a half of it
            grave = Path(tempfile.mkdtemp(dir=self.folder, prefix=".removed-"))
            os.replace(folder, grave / name)
        shutil.rmtree(grave, ignore_errors=True)

    def wants_map(self, name: str) -> bool:
        """Say whether a collection still has the simple map and enough pictures for a true one."""
        now = read_journal(self.path(name)).current
        return now.kind == "pca" and now.rows >= FEWEST

    def draw_map(self, name: str, progress: Progress | None = None) -> Version:
        """Draw the map of all pictures anew, which may take a minute; the old one stays until then.

        It belongs to the current version, so that an undo does not bring the simple map back.
        """
        store = Store(self.path(name))
        rows = store.rows(["id", "embedding"])
        places = umap_aside(unit(store.vectors("embedding")), progress)
        with self.writer(name) as (store, journal):
            if len(rows) == len(places):
                store.draw(rows["id"].to_pylist(), places, anew=True)
            journal = journal.amended(map=store.map.version, kind="umap")
            write_journal(store.folder, journal)
            return journal.current

    def make(self, name: str, model_version: str, latent_width: int, embedding_width: int) -> None:
        """Make an empty collection where there is none of that name."""
        folder = self.folder / checked_name(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectionError(
                f"The folder {self.folder} cannot be written to ({error.strerror}); make it "
                "writable, or let $ENGRAVE_HOME name another."
            ) from error
        with writing(folder):
            if (folder / FILE).is_file():
                return
            commits = Store.create(folder, latent_width, embedding_width).commits()
            facts = {"number": 0, "before": -1, "kind": "none", "rows": 0, "what": "made"}
            first = Version(**facts, **commits, time=now_text())  # type: ignore[arg-type]
            journal = Journal(
                model_version=model_version,
                latent_width=latent_width,
                embedding_width=embedding_width,
                versions=(first,),
            )
            write_journal(folder, journal)

    @contextmanager
    def writer(self, name: str) -> Iterator[tuple[Store, Journal]]:
        """Hold a collection for writing; what a process wrote and did not note is taken back."""
        folder = self.path(name)
        with writing(folder):
            store, journal = Store(folder), read_journal(folder)
            now = journal.current
            if journal.complete and store.commits() != {"pictures": now.pictures, "map": now.map}:
                store.rewind(now)
                journal = journal.amended(**store.commits())
                write_journal(folder, journal)
            yield store, journal

    def _kept(self, store: Store, journal: Journal, what: str) -> Version:
        """Note what was written as a version."""
        journal = journal.advanced(what=what, rows=store.count(), **store.commits())
        write_journal(store.folder, journal)
        return journal.current


def _rows_of(store: Store, name: str, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the rows of ids; raises CollectionError for one that is not there."""
    rows = [row for row in store.rows().to_pylist() if row["id"] in asked]
    lacking = sorted(set(asked) - {row["id"] for row in rows})
    if lacking or not rows:
        shown = f"'{lacking[0][:80]}'" if lacking else "no id"
        raise CollectionError(f"'{name}' has no picture {shown}; open the collection again.")
    return rows


def _edited(row: dict[str, Any], edit: Edit) -> dict[str, Any]:
    changed = dict(row)
    if edit.caption is not None:
        changed |= {"caption": _text(edit.caption), "caption_by": "person" if edit.caption else ""}
    if edit.title is not None:
        changed["title"] = _text(edit.title)
    if edit.facets is not None:
        kept = json.loads(row["facets"]) | {k: _text(v) for k, v in edit.facets.items()}
        changed["facets"] = facets_text(kept)
    changed["edited"] = sorted({*(row["edited"] or ()), *_differing(row, changed)})
    return changed


def _differing(row: dict[str, Any], changed: dict[str, Any]) -> set[str]:
    """Return the names of what an edit changed, as rows note them."""
    pair = json.loads(row["facets"]), json.loads(changed["facets"])
    names = {name for name in ("title", "caption") if row[name] != changed[name]}
    facets = {*pair[0], *pair[1]}
    return names | {FACET + one for one in facets if pair[0].get(one) != pair[1].get(one)}


def _text(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > LONGEST_TEXT:
        raise CollectionError(
            f"This text has {len(line):,} characters; a caption, a title or a facet takes up to "
            f"{LONGEST_TEXT:,}. Shorten it."
        )
    return line


def _count(number: int) -> str:
    return "1 picture" if number == 1 else f"{number:,} pictures"


def _bytes(folder: Path) -> int:
    """Return the size of all files; one that another process deletes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def open_collection(asked: Path | str, shelf: Shelf | None = None) -> Collection:
    """Return the collection of a folder, or the own one of that name; a folder goes first."""
    path, shelf = Path(asked), shelf or Shelf()
    if path.exists() or len(path.parts) != 1 or str(path) not in shelf:
        return Collection.load(path)
    return shelf.open(str(path))
