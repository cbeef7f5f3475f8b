"""An own collection, opened for reading: what a collection can do, over tables in LanceDB.

Shapes: N pictures, L width of the latent, E width of the embedding.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from engrave.collection import Collection, Label
from engrave.collection.atlas import CELLS, Atlas
from engrave.collection.facets import decade, write_map
from engrave.collection.mapping import pca_places, placed_among
from engrave.collection.queries import AT_ONCE, Block
from engrave.collection.vectors import unit
from engrave.errors import CollectionError
from engrave.image import pad_square
from engrave.shelf.index import IN_MEMORY
from engrave.shelf.journal import Journal, Version
from engrave.shelf.records import Holding, holding
from engrave.shelf.store import Store

CELL_PX = 96
SHEETS = "sheets.json"  # what is on each sheet of a page
NAMED = ("subject", "technique", "book", "folder")  # facets that every map offers
WORKED_OUT = ("cluster", "trust", "likeness")  # names under which the map colours by itself
FEWEST_VALUES, MOST_VALUES = 2, 200  # of another facet that colours a map


class Volume(Collection):
    """One version of an own collection; it stays as it was opened, whatever is written later."""

    items: tuple[Holding, ...]

    def __init__(self, name: str, folder: Path, journal: Journal, version: Version | None) -> None:
        self.name, self.journal, self.version = name, journal, version or journal.current
        self.complete = version is not None or journal.complete
        self.home = folder
        # while an import runs, its pictures are shown as far as it came
        self._store = Store(folder, None if not self.complete else self.version)
        rows = self._store.rows(row_ids=True)
        self._row_ids: list[int] = rows["_rowid"].to_pylist()
        places = self._places(rows["id"].to_pylist())
        label = Label(
            name=name,
            version=self.stamp,
            model_version=journal.model_version,
            cell_px=CELL_PX,
        )
        pairs = zip(rows.to_pylist(), places.tolist(), strict=True)
        super().__init__([holding(row, (x, y)) for row, (x, y) in pairs], label=label)

    @property
    def stamp(self) -> str:
        """What changes whenever anything in the collection does."""
        seen = self.version
        return f"{seen.number}-{seen.pictures}-{seen.map}-{len(self._row_ids)}"

    def check_fits(self, model_version: str, embedding_width: int) -> None:
        """Refuse another model than read the pictures: its neighbours would be nonsense."""
        mine = self.journal
        if (
            mine.model_version == (model_version or "unknown")
            and mine.embedding_width == embedding_width
        ):
            return
        raise CollectionError(
            f"The pictures of '{self.name}' were read by model {mine.model_version} and the model "
            f"is {model_version}; import them again under another name."
        )

    @cached_property
    def latents(self) -> np.ndarray:
        """Latents (N, L), float32, norm 1."""
        return self._one_each(self._store.vectors("latent"), "latents")

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Joint embeddings (N, E), float32, norm 1."""
        return self._one_each(self._store.vectors("embedding"), "embeddings")

    def holds(self, index: int) -> bool:
        """Say whether the picture itself is here, which it is for all that was imported."""
        self.item(index)
        return True

    def picture(self, index: int) -> Image.Image:
        """Return what was imported, in grey, its longer side 256 pixels at most."""
        self.item(index)
        return _opened(self._store.some([self._row_ids[index]], "thumbnail")[0])

    def sprite(self, index: int) -> Image.Image:
        """Return the thumbnail of an item, on a white square: the picture itself, made small."""
        return pad_square(self.picture(index), CELL_PX)

    def facets(self) -> dict[str, list[str]]:
        """Return the values by which the map can be coloured, one for each picture.

        subject, technique, book, folder and decade are always there; other facets of the source
        where they have more than one value and not too many.
        """
        found = {name: self.values(name) for name in NAMED}
        found["decade"] = [decade(item.year) for item in self.items]
        for name in sorted({name for item in self.items for name in item.facets} - {*found}):
            values = self.values(name)
            if FEWEST_VALUES <= len(set(values)) <= min(MOST_VALUES, len(values) // 2):
                found[f"{name} of the source" if name in WORKED_OUT else name] = values
        return found

    def values(self, name: str) -> list[str]:
        """Return one facet of each picture, empty where it has none."""
        return [item.facets.get(name, "") for item in self.items]

    def page_folder(self) -> Path | None:
        """Return the folder with map and sheets as a browser reads them, made when first needed."""
        pages = self.home / "pages"
        if not (pages / self.stamp).is_dir() and not _is_open(pages):
            pages = self._elsewhere
        ready = pages / self.stamp
        if not ready.is_dir():
            with tempfile.TemporaryDirectory(dir=pages, prefix=".new-") as scratch:
                fresh = Path(scratch) / "page"
                fresh.mkdir()
                write_map(fresh, self.places, self.facets())
                self._write_sheets(fresh, pages)
                if not ready.is_dir():  # another visitor may have been faster
                    fresh.rename(ready)
            _forget_others(pages, self.stamp)
        return ready

    @cached_property
    def _elsewhere(self) -> Path:
        """A folder that goes with the volume, where its own can only be read."""
        folder = tempfile.mkdtemp(prefix="engrave-pages-")
        weakref.finalize(self, shutil.rmtree, folder, True)
        return Path(folder)

    def _ranked(
        self, embedding_E: np.ndarray, num: int, exclude: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and cosines, nearest first: exact, but by the index where there are many."""
        if len(self) <= IN_MEMORY:
            return super()._ranked(embedding_E, num, exclude)
        ids, cosines = self._store.nearest(unit(embedding_E), num + (exclude is not None))
        rows = np.array([self._rows_by_id[id] for id in ids], np.int64)
        kept = rows != exclude if exclude is not None else np.ones(len(rows), bool)
        return rows[kept][:num], cosines[kept][:num]

    def blocks(self) -> Iterator[Block]:
        """Yield rows and embeddings: from memory, or where there are very many from the disk."""
        if len(self) <= IN_MEMORY:
            yield from super().blocks()
            return
        for ids, block in self._store.batches("embedding", AT_ONCE):
            yield np.array([self._rows_by_id[id] for id in ids]), unit(block)

    def embeddings_of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the joint embeddings of a few rows."""
        if len(self) <= IN_MEMORY:
            return super().embeddings_of(rows)
        found = self._store.some([self._row_ids[row] for row in rows], "embedding")
        return unit(np.array(found, np.float32))

    def meanings(self, width: int) -> np.ndarray:
        """Return where latents begin; where there are very many, of every so manieth engraving."""
        if len(self) <= IN_MEMORY:
            return super().meanings(width)
        each = -(-len(self) // IN_MEMORY)
        read = self._store.batches("latent", AT_ONCE)
        return np.concatenate([unit(block)[::each, :width] for _, block in read])

    @cached_property
    def _rows_by_id(self) -> dict[int, int]:
        return {id: row for row, id in enumerate(self._row_ids)}

    def _write_sheets(self, fresh: Path, pages: Path) -> None:
        """Take the sheets that an older version has already, and draw the others."""
        atlas, drawn = Atlas(fresh, CELL_PX), _drawn(pages)
        marks = []
        for number, start in enumerate(range(0, len(self), CELLS)):
            # an id names the bytes of a picture, so the same ids make the same sheet
            ids = "\n".join(item.id for item in self.items[start : start + CELLS])
            marks.append(hashlib.sha256(ids.encode()).hexdigest())
            if not _taken(drawn.get(marks[-1]), atlas.path(number)):
                group = self._store.some(self._row_ids[start : start + CELLS], "thumbnail")
                atlas.write_sheet(number, [pad_square(_opened(data), CELL_PX) for data in group])
        (fresh / SHEETS).write_text(json.dumps(marks), encoding="utf-8")

    def _places(self, ids: Sequence[str]) -> np.ndarray:
        """Return a place for each id: the one on the map, else one among them, else a first one."""
        known = self._store.places()
        rows = [row for row, id in enumerate(ids) if id in known]
        if not ids or not rows:
            return pca_places(unit(self._store.vectors("embedding"))) if ids else np.zeros((0, 2))
        places = np.array([known.get(id, (0.0, 0.0)) for id in ids], np.float32)
        fresh = np.setdiff1d(np.arange(len(ids)), rows)
        if len(fresh):
            embeddings = unit(self._store.vectors("embedding"))
            places[fresh] = placed_among(embeddings[fresh], embeddings[rows], places[rows])
        return places


def _is_open(pages: Path) -> bool:
    """Tell whether files can be written in a folder, made where it is not there."""
    try:
        pages.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=pages):
            return True
    except OSError:
        return False


def _opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as picture:
        return picture.convert("L")


def _drawn(pages: Path) -> dict[str, Path]:
    """Return the sheets of older versions by what is on them."""
    found: dict[str, Path] = {}
    for listed in sorted(pages.glob(f"[!.]*/{SHEETS}")):
        try:
            marks = json.loads(listed.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        atlas = Atlas(listed.parent, CELL_PX)
        found |= {mark: atlas.path(number) for number, mark in enumerate(marks)}
    return found


def _taken(old: Path | None, new: Path) -> bool:
    """Give a sheet a second name, or copy it where the disk knows no such thing."""
    if old is None:
        return False
    try:
        try:
            os.link(old, new)
        except OSError:
            shutil.copyfile(old, new)
    except OSError:  # another process has just deleted that version
        return False
    return True


def _forget_others(pages: Path, stamp: str) -> None:
    """Delete what was made for older versions, but the newest of them: a page may still show it."""
    others = [path for path in pages.iterdir() if path.is_dir() and path.name != stamp]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[1:]:
        shutil.rmtree(path, ignore_errors=True)
