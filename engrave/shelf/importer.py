"""Brings pictures of a source into a collection: read, embedded, captioned, placed.

What was committed stays, however the process ends, and the same call goes on from there: keys of
the source that are in the table are not read again, and a picture that is there is not kept twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from PIL.Image import Image

from engrave.collection.mapping import pca_places, placed_among
from engrave.collection.vectors import unit
from engrave.config import ModelConfig
from engrave.errors import CollectionError
from engrave.progress import Progress, tell
from engrave.shelf.cluster import Errand, check_ray, embed_all
from engrave.shelf.intake import Plate, read_plates
from engrave.shelf.journal import Journal, Running, now_text, write_journal
from engrave.shelf.records import cut
from engrave.shelf.shelf import Shelf
from engrave.shelf.staged import Staged, stage_of
from engrave.shelf.store import Store
from engrave.shelf.work import FEWEST_COMMITTED, Work
from engrave.sources import Entry, Source

BATCH = 16  # pictures that the model sees at once


class Reader(Protocol):
    """The model, as far as an import needs it."""

    @property
    def config(self) -> ModelConfig: ...
    @property
    def facts(self) -> Mapping[str, str]: ...
    def encode_batch(self, pictures: Sequence[Image]) -> np.ndarray: ...
    def embed(self, latents_NL: np.ndarray) -> np.ndarray: ...
    def captions(self, latents_NL: np.ndarray) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did."""

    name: str
    version: int
    pictures: int  # in the collection now
    added: int
    present: int  # were there before, from this source
    updated: int  # of these, or in their places: another picture now, or other texts
    captioned: int
    twins: tuple[tuple[str, str], ...]  # key, and the key of the same picture that is kept
    unread: tuple[tuple[str, str], ...]  # key, and the reason in a sentence
    seconds: float

    @property
    def rate(self) -> float:
        """Pictures a second, those that were added."""
        return self.added / self.seconds if self.seconds else 0.0


class Importer:
    """Imports sources into the collections of one shelf."""

    def __init__(
        self, shelf: Shelf, reader: Reader, *, captions: bool = False, room: int | None = None
    ) -> None:
        """Add up to `room` pictures in all, any number where it is None."""
        self.shelf, self.reader, self.captions, self.room = shelf, reader, captions, room
        config = reader.config
        self.widths = config.latent_width, config.embedding_width
        self.version = reader.facts.get("version", "")

    def run(
        self, source: Source, name: str, *, origin: str = "", progress: Progress | None = None
    ) -> Report:
        """Import a source, or go on with an import that was stopped; return what was done.

        `origin` tells sources apart whose keys may be the same, such as two folders. What the
        listener raises, and Ctrl-C, stop the import; what is done until then stays. The map is the
        simple one at first: `Shelf.draw_map` draws a true one.
        """
        self.shelf.make(name, self.version, *self.widths)
        with self.shelf.writer(name) as (store, journal):
            self._check_fits(name, journal)
            what = f"import of {source.name}"
            journal = replace(journal, running=Running(source=origin, what=what, time=now_text()))
            write_journal(store.folder, journal)
            work = Work.begin(store, origin or source.name, source.count, progress, journal.edited)
            with closing(work.seen_files):
                self._take(work, source)
                work.settle()
                work.seen_files.keep()
            if self.captions:
                self._describe_rest(work)
            work.unread += source.unread
            journal = self._finish(work, journal, what)
        report = _report(name, journal, work)
        if not report.pictures and len(journal.versions) == 1:
            self.shelf.remove(name)  # else a mistyped folder would leave an empty collection
        return report

    def _check_fits(self, name: str, journal: Journal) -> None:
        mine = (self.version, *self.widths)
        if mine != (journal.model_version, journal.latent_width, journal.embedding_width):
            raise CollectionError(
                f"The pictures of '{name}' were read by model {journal.model_version} and the "
                f"model is {self.version}; import into a collection of another name."
            )

    def _take(self, work: Work, source: Source) -> None:
        """Read, embed and commit; what was embedded is committed even where the work is stopped."""
        batch: list[Plate] = []
        try:
            for plate in read_plates(work.unknown(source.entries()), self.reader.config.side_px):
                if work.is_new(plate):
                    if self._full(work, plate):
                        break
                    batch.append(plate)
                if len(batch) == BATCH:
                    self._embed(work, batch)
                    batch = []
                    work.tell()
                work.tell_at_times()  # pictures may take seconds each
                if work.full:
                    work.commit()
            self._embed(work, batch)
        finally:
            work.commit()

    def _full(self, work: Work, plate: Plate) -> bool:
        """Say whether there is no room for one more picture, which is noted; else take its room."""
        if self.room is None or work.held.known(plate.entry.key):
            return False
        if self.room > 0:
            self.room -= 1
            return False
        full = "There is no room for more pictures, so this one and all after it were left out."
        work.unread.append((plate.entry.key, full))
        return True

    def _embed(self, work: Work, batch: Sequence[Plate]) -> None:
        if batch:
            squares = [plate.square for plate in batch if plate.square is not None]
            latents = self.reader.encode_batch(squares)
            asked = [self.captions or work.describes(plate.entry.key) for plate in batch]
            captions = self._captions_for(latents, [plate.entry.caption for plate in batch], asked)
            work.add(batch, captions, latents, self.reader.embed(latents))

    def _captions_for(
        self, latents: np.ndarray, given: Sequence[str], asked: Sequence[bool]
    ) -> list[tuple[str, str]]:
        """Return each picture's caption and whose it is: the source's, else the model's."""
        found = [(cut(caption), "source" if caption.strip() else "") for caption in given]
        rows = [row for row, (caption, _) in enumerate(found) if asked[row] and not caption]
        if rows:
            for row, caption in zip(rows, self.reader.captions(latents[rows]), strict=True):
                found[row] = (caption, "model")
        return found

    def _describe_rest(self, work: Work) -> None:
        """Caption what an earlier import left without words."""
        rows = work.store.rows(["id", "caption", "caption_by", "latent"])
        lacking = np.flatnonzero([not by for by in rows["caption_by"].to_pylist()])
        for start in range(0, len(lacking), FEWEST_COMMITTED):
            tell(work.progress, start / len(lacking), f"Captions, {start} of {len(lacking)}")
            some = rows.take(lacking[start : start + FEWEST_COMMITTED])
            latents = unit(np.stack(some["latent"].to_pylist()))
            words = self.reader.captions(latents)
            by = ["model"] * len(words)
            work.store.change(pa.table({"id": some["id"], "caption": words, "caption_by": by}))
            work.captioned += len(words)

    def _finish(self, work: Work, journal: Journal, what: str) -> Journal:
        """Place the newcomers, and close the import as one version."""
        store, now = work.store, journal.current
        journal = replace(journal, running=None)
        if store.commits()["pictures"] != now.pictures:
            tell(work.progress, 1.0, "Placing the pictures on the map")
            kind = _place(store, now.kind)
            if work.fresh:
                store.index()
            rows = store.count()
            more = f"{what} ({_tally(rows - now.rows, work.updated)})"
            journal = journal.advanced(what=more, kind=kind, rows=rows, **store.commits())
        write_journal(store.folder, journal)
        return journal


class ClusterImporter(Importer):
    """Imports as an Importer does, but the pictures are read by the workers of a Ray cluster."""

    def __init__(
        self,
        shelf: Shelf,
        reader: Reader,
        load: Callable[[], Reader],
        *,
        source: str,
        workers: int,
        captions: bool = False,
    ) -> None:
        super().__init__(shelf, reader, captions=captions)
        self._load, self._source, self._workers = load, source, workers
        check_ray()

    def _take(self, work: Work, source: Source) -> None:
        """Let workers read what nobody read yet, then commit it in the order of the source."""
        stage = stage_of(work.store.folder, work.origin)
        here = {entry.key for entry in source.entries() if work.is_known(entry)}
        known = frozenset(here | Staged(stage).keys)
        errand = Errand(
            source=self._source, known=known, stage=stage, load=self._load,
            captions=self.captions, workers=self._workers,
        )  # fmt: skip
        embed_all(errand, source.count, work.progress)
        staged = Staged(stage)
        try:
            for entry in work.unknown(source.entries()):
                row = staged.row(entry.key)
                if row is None:
                    work.unread.append((entry.key, "It came while others were read; import again."))
                elif work.is_new(plate := _plate_of(entry, row)):
                    caption = cut(entry.caption) or row["caption"]
                    by = "source" if entry.caption.strip() else "model" if caption else ""
                    vectors = (np.array([row[name]]) for name in ("latent", "embedding"))
                    work.add([plate], [(caption, by)], *vectors)
                if work.full:
                    work.commit()
                    work.tell()
        finally:
            work.commit()
        staged.clear()


def _plate_of(entry: Entry, row: Mapping[str, Any]) -> Plate:
    entry = replace(entry, mark="")  # the file may be another one since
    if row["reason"]:
        return Plate(entry=entry, reason=row["reason"])
    names = ("sha256", "thumbnail", "width", "height")
    return Plate(entry=entry, **{name: row[name] for name in names})


def _place(store: Store, kind: str) -> str:
    """Place what has no place yet; return the kind of the map."""
    ids = store.rows(["id"])["id"].to_pylist()
    if not ids:
        return kind
    known = store.places()
    placed = np.array([id in known for id in ids])
    if placed.all():
        return kind
    embeddings = unit(store.vectors("embedding"))
    if kind != "umap":
        store.draw(ids, pca_places(embeddings), anew=True)
        return "pca"
    places = np.array([known[id] for id in ids if id in known], np.float32)
    fresh = placed_among(embeddings[~placed], embeddings[placed], places)
    store.draw([id for id in ids if id not in known], fresh, anew=False)
    return kind


def _tally(more: int, updated: int) -> str:
    return f"{more:,} pictures" + (f", {updated:,} updated" if updated else "")


def _report(name: str, journal: Journal, work: Work) -> Report:
    return Report(
        name=name,
        version=journal.current.number,
        pictures=journal.current.rows,
        added=work.added,
        present=work.present,
        updated=work.updated,
        captioned=work.captioned,
        twins=tuple(work.twins),
        unread=tuple((str(key), str(reason)) for key, reason in work.unread),
        seconds=time.monotonic() - work.start,
    )
