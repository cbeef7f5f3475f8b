"""The originals of one collection as the page shows them: which engravings have one, the pictures,
and sheets of thumbnails for the map."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL.Image import Image

from engrave.collection import Collection
from engrave.collection.atlas import CELLS, Atlas
from engrave.errors import CollectionError, OriginalsError
from engrave.originals.store import KEPT, Store
from engrave.originals.wanted import NAME, read_wanted

SHEETS, PAGE = "sheets", "sheets.json"


class Shown:
    """Originals by the row of a collection; whatever is not there or damaged is None."""

    def __init__(self, collection: Collection, store: Store | None = None) -> None:
        self.collection = collection
        self.store = store or Store()
        self._read: tuple[str, np.ndarray] | None = None
        self._marked: tuple[str, dict[str, str]] | None = None

    @property
    def stamp(self) -> str:
        """What changes once a command has brought originals, or taken them away."""
        try:
            found = (self.store.folder / SHEETS / PAGE).stat()
        except OSError:
            return ""
        return f"{found.st_mtime_ns}-{found.st_ino}"

    @property
    def rows(self) -> np.ndarray:
        """Whether each engraving (N,) has an original, as the last command left it."""
        stamp, read = self.stamp, self._read
        if read is None or read[0] != stamp:
            self._read = read = stamp, self._found()
        return read[1]

    def _found(self) -> np.ndarray:
        rows = np.zeros(len(self.collection), bool)
        folder = self.collection.folder
        if folder is None or not (folder / NAME).is_file():
            return rows
        try:
            states = self.store.states()
            if states:
                for one in read_wanted(folder / NAME):
                    row, state = self.collection.row(one.id), states.get(one.id)
                    if row is not None and state and state.state == KEPT:
                        rows[row] = state.hash == one.hash
        except OriginalsError:
            rows[:] = False  # a page without originals is better than none
        return rows

    def __len__(self) -> int:
        return int(self.rows.sum())

    def picture(self, row: int) -> Image | None:
        """Return the original of an engraving."""
        return self._sound(row, self.store.picture)

    def thumbnail(self, row: int) -> Image | None:
        """Return the original of an engraving in a square as small as the map's."""
        return self._sound(row, self.store.thumbnail)

    @property
    def sheets(self) -> Path | None:
        """Folder of thumbnails like the collection's own, with originals where there are any;
        None where it is not made, of another state, or damaged."""
        if not len(self):
            return None
        folder, marks = self.store.folder / SHEETS, self._marks
        kept = _read_page(folder)
        sound = [mark == kept.get(name, ("", ""))[0] for name, mark in marks.items()]
        sound += [_sum(folder / name) == kept[name][1] for name in marks if name in kept]
        return folder if all(sound) else None

    @property
    def version(self) -> str:
        """What changes where any sheet does."""
        return hashlib.sha256("".join(self._marks.values()).encode()).hexdigest()[:16]

    def write_sheets(self) -> Path | None:
        """Bring that folder up to date; only sheets whose originals changed are drawn anew."""
        if not len(self) or self.collection.folder is None:
            return None
        folder, cell_px = self.store.folder / SHEETS, self.collection.label.cell_px
        own, fresh = Atlas(self.collection.folder, cell_px), Atlas(folder, cell_px)
        try:
            folder.mkdir(exist_ok=True)
            old = _read_page(folder)
            page: dict[str, tuple[str, str]] = {}
            for number, (name, mark) in enumerate(self._marks.items()):
                rows = self._on_sheet(number)
                path = folder / name
                if old.get(name) != (mark, _sum(path)):
                    if self.rows[rows].any():
                        fresh.write_sheet(number, [self._sprite(row) for row in rows])
                    else:
                        shutil.copyfile(own.path(number), path)
                page[name] = (mark, _sum(path))
            _write_page(folder, page)
        except OSError as error:
            raise OriginalsError(
                f"The thumbnails cannot be written to {folder} ({error.strerror}); "
                "free some space, then run it again."
            ) from error
        return folder

    @property
    def _marks(self) -> dict[str, str]:
        """Names of sheets, and what changes where an original or a thumbnail on them changes."""
        stamp, marked = self.stamp, self._marked
        if marked is None or marked[0] != stamp:
            self._marked = marked = stamp, self._worked_out()
        return marked[1]

    def _worked_out(self) -> dict[str, str]:
        label, sums = self.collection.label, self.store.sums()
        marks = {}
        for number in range(-(-len(self.collection) // CELLS)):
            digest = hashlib.sha256(f"{label.version} {label.model_version}".encode())
            for row in self._on_sheet(number):
                id = self._id(row)
                digest.update(id.encode() + (sums[id] if self.rows[row] else b"-"))
            marks[f"atlas-{number:03d}.webp"] = digest.hexdigest()
        return marks

    def _sound(self, row: int, read: Callable[[str], Image | None]) -> Image | None:
        """Read a picture; from the first damage on, its engraving counts as without original."""
        if not self.rows[row]:
            return None
        found = read(self._id(row))
        self.rows[row] = found is not None
        return found

    def _on_sheet(self, number: int) -> range:
        return range(number * CELLS, min((number + 1) * CELLS, len(self.collection)))

    def _sprite(self, row: int) -> Image:
        try:
            return self.thumbnail(row) or self.collection.sprite(row)
        except CollectionError as error:
            raise OriginalsError(str(error)) from error

    def _id(self, row: int) -> str:
        return self.collection.item(row).id


def _sum(path: Path) -> str:
    """Return the check sum of a file, empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _read_page(folder: Path) -> dict[str, tuple[str, str]]:
    """Return what each sheet was made of and its check sum; empty where that cannot be read."""
    try:
        page = json.loads((folder / PAGE).read_text(encoding="utf-8"))
        return {str(name): (str(mark), str(found)) for name, (mark, found) in page.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_page(folder: Path, page: dict[str, tuple[str, str]]) -> None:
    scratch = folder / f"{PAGE}.new"
    scratch.write_text(json.dumps(page), encoding="utf-8")
    os.replace(scratch, folder / PAGE)
