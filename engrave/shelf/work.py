"""Remembers how far one import is: what is known, what waits to be committed, what was wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from engrave.progress import Progress, tell
from engrave.shelf.intake import Plate
from engrave.shelf.names import name_from
from engrave.shelf.records import LONGEST_TEXT, Record, as_table, facets_text
from engrave.shelf.store import Store
from engrave.sources import Entry

FEWEST_COMMITTED, MOST_COMMITTED = 64, 1024  # pictures in one commit; more as a collection grows


@dataclass(slots=True, kw_only=True)
class Work:
    """One import on its way."""

    store: Store
    origin: str
    count: int | None  # of the source's entries
    progress: Progress | None
    keys: set[str]  # of this origin, that need no reading
    ids: dict[str, str]  # by sha256
    also: dict[str, list[str]]  # by id
    first_keys: dict[str, str]  # by id
    seq: int
    start: float = field(default_factory=time.monotonic)
    seen: int = 0
    added: int = 0
    present: int = 0
    captioned: int = 0
    waiting: list[pa.Table] = field(default_factory=list)  # to be committed
    twins: list[tuple[str, str]] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)  # ids whose `also` grew
    unread: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def begin(cls, store: Store, origin: str, count: int | None, progress: Progress | None) -> Work:
        """Read what is in the table already."""
        rows = store.rows(["id", "source", "key", "also", "sha256"]).to_pylist()
        also = {row["id"]: list(row["also"] or ()) for row in rows}
        keys = {row["key"] for row in rows if row["source"] == origin}
        known = f"{origin}\n"  # before the keys of this origin among the twins
        twins = (one for others in also.values() for one in others if one.startswith(known))
        return cls(
            store=store,
            origin=origin,
            count=count,
            progress=progress,
            keys=keys | {one.removeprefix(known) for one in twins},
            ids={row["sha256"]: row["id"] for row in rows},
            also=also,
            first_keys={row["id"]: row["key"] for row in rows},
            seq=1 + max((row["seq"] for row in rows), default=-1),
        )

    @property
    def full(self) -> bool:
        """Whether enough waits for a commit."""
        enough = min(max(self.seq // 64, FEWEST_COMMITTED), MOST_COMMITTED)
        return sum(len(rows) for rows in self.waiting) >= enough

    def unknown(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """Yield the entries that are not in the table yet."""
        for entry in entries:
            if entry.key not in self.keys:
                yield entry
                continue
            self.present += 1
            self.seen += 1
            if self.present % 1000 == 0:
                self.tell()

    def is_new(self, plate: Plate) -> bool:
        """Say whether a picture is to be embedded; note it where it cannot be read or is a twin."""
        key = plate.entry.key
        if plate.reason:
            self.unread.append((key, plate.reason))
        elif plate.sha256 in self.ids:
            self._note_twin(key, self.ids[plate.sha256])
        else:
            self.ids[plate.sha256] = id = _id(key, plate.sha256)
            self.also[id], self.first_keys[id] = [], key
            return True
        self.seen += 1
        return False

    def add(
        self,
        plates: Sequence[Plate],
        captions: Sequence[tuple[str, str]],
        latents_NL: np.ndarray,
        embeddings_NE: np.ndarray,
    ) -> None:
        """Put a batch among what waits, all of it or nothing."""
        numbered = enumerate(zip(plates, captions, strict=True), self.seq)
        records = [self._record(seq, plate, *caption) for seq, (plate, caption) in numbered]
        self.waiting.append(as_table(records, latents_NL, embeddings_NE))
        self.seq += len(records)
        self.seen += len(records)
        self.captioned += sum(by == "model" for _, by in captions)

    def commit(self) -> None:
        """Write what waits; taken out first, so that a second call never writes it twice."""
        waiting, self.waiting = self.waiting, []
        if waiting:
            rows = pa.concat_tables(waiting)
            self.store.append(rows)
            self.added += len(rows)

    def note_twins(self) -> None:
        """Write under which other keys pictures came."""
        if self.noted:
            ids = sorted(self.noted)
            also = pa.array([self.also[id] for id in ids], pa.list_(pa.string()))
            self.store.change(pa.table({"id": ids, "also": also}))

    def tell(self) -> None:
        """Report how far the import is and how long it will take."""
        fresh = self.seen - self.present
        seconds = time.monotonic() - self.start
        words = f"{self.seen:,} pictures"
        if self.count:
            words = f"{self.seen:,} of {self.count:,} pictures"
            if fresh:
                words += f", {duration((self.count - self.seen) * seconds / fresh)} left"
        if self.unread:
            words += f", {len(self.unread):,} unreadable"
        tell(self.progress, min(self.seen / self.count, 1.0) if self.count else 0.0, words)

    def _note_twin(self, key: str, id: str) -> None:
        self.twins.append((key, self.first_keys[id]))
        self.also[id].append(f"{self.origin}\n{key}")
        self.noted.add(id)

    def _record(self, seq: int, plate: Plate, caption: str, caption_by: str) -> Record:
        entry = plate.entry
        return Record(
            seq=seq,
            id=self.ids[plate.sha256],
            source=self.origin,
            key=entry.key,
            also=[],
            sha256=plate.sha256,
            title=cut(entry.title),
            caption=caption,
            caption_by=caption_by,
            facets=facets_text({name: cut(value) for name, value in entry.facets.items()}),
            address=entry.address,
            width=plate.width,
            height=plate.height,
            thumbnail=plate.thumbnail,
        )


def duration(seconds: float) -> str:
    """Say a time in words that do not pretend to be exact."""
    seconds = max(seconds, 0.0)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def cut(text: str) -> str:
    """Return a text on one line, no longer than is kept."""
    return " ".join(str(text).split())[:LONGEST_TEXT]


def _id(key: str, sha256: str) -> str:
    """Return a name for a picture that no other has, and that is safe as a file's."""
    return f"{name_from(PurePosixPath(key).stem)[:40].strip('-')}-{sha256[:10]}"
