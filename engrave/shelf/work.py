"""Remembers how far one import is: what is known, what waits to be committed, what was wrong."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from engrave.progress import Progress, tell
from engrave.shelf.held import HELD, TEXTS, Held, inherited, renewed
from engrave.shelf.intake import Plate, bytes_of
from engrave.shelf.names import name_from
from engrave.shelf.records import Record, as_table, columns_of, cut, facets_text
from engrave.shelf.seen import Seen
from engrave.shelf.store import Store
from engrave.sources import Entry

QUIET_S = 1.0  # after which somebody who waits hears how far it is; who left is noticed then
FEWEST_COMMITTED, MOST_COMMITTED = 64, 1024  # pictures in one commit; more as a collection grows


@dataclass(slots=True, kw_only=True)
class Work:
    """One import on its way."""

    store: Store
    origin: str
    count: int | None  # of the source's entries
    progress: Progress | None
    held: Held
    seen_files: Seen
    ids: dict[str, str]  # by sha256
    places: dict[str, list[tuple[str, str]]]  # by id: each source and key under which it came
    seq: int
    now: dict[str, str] = field(default_factory=dict)  # sha256 of this source's files, by key
    start: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)
    seen: int = 0
    present: int = 0
    captioned: int = 0
    waiting: list[pa.Table] = field(default_factory=list)  # to be committed
    fresh: set[str] = field(default_factory=set)  # ids that were written
    renewed: dict[str, dict[str, Any]] = field(default_factory=dict)  # texts that changed, by id
    retold: int = 0  # pictures of which more than the address changed
    replaced: int = 0  # pictures that took the place of another
    twins: list[tuple[str, str]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # ids that came or went under some key
    again: dict[str, Entry] = field(default_factory=dict)  # under which known pictures came, by key
    unread: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def begin(
        cls, store: Store, origin: str, count: int | None, progress: Progress | None, edited: bool
    ) -> Work:
        """Read what is in the table already; `edited`: whether a person ever changed it."""
        rows = store.rows(HELD)
        held = Held(rows, origin, edited=edited)
        names = ("id", "seq", "source", "key", "also", "sha256")
        plain = rows.select(names).to_pylist()
        return cls(
            store=store,
            origin=origin,
            count=count,
            progress=progress,
            held=held,
            seen_files=Seen(store.folder, origin),
            ids={row["sha256"]: row["id"] for row in plain},
            places={row["id"]: places_of(row) for row in plain},
            seq=1 + max((row["seq"] for row in plain), default=-1),
        )

    @property
    def added(self) -> int:
        """How many pictures more there are."""
        return len(self.fresh) - min(self.replaced, len(self.fresh))

    @property
    def updated(self) -> int:
        """How many pictures or their texts are others than before."""
        return self.replaced + self.retold

    @property
    def full(self) -> bool:
        """Whether enough waits for a commit."""
        enough = min(max(self.seq // 64, FEWEST_COMMITTED), MOST_COMMITTED)
        return sum(len(rows) for rows in self.waiting) >= enough

    def unknown(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """Yield the entries that are not in the table as they are now."""
        for entry in entries:
            if not self.is_known(entry):
                yield entry
                continue
            if row := self.held.own(entry.key):
                self._renew(row, entry)
            self.present += 1
            self.seen += 1
            if self.present % 1000 == 0:
                self.tell()

    def is_known(self, entry: Entry) -> bool:
        """Say whether the picture of an entry is here; read its file only where it may be new.

        What lies on the network is not fetched again.
        """
        rows = self.held.known(entry.key)
        if not rows or not entry.mark:
            return bool(rows)
        sha256 = self.now.get(entry.key) or self.seen_files.sha256(entry.key, entry.mark)
        if not sha256:
            data, reason = bytes_of(entry)
            if reason:
                return False  # whoever reads it tells of it
            sha256 = hashlib.sha256(data).hexdigest()
            self.seen_files.note(entry.key, entry.mark, sha256)
        known = any(row["sha256"] == sha256 for row in rows)
        if known:
            self._came(entry.key, sha256, rows)
        return known  # else what is there now may be no picture: whoever reads it tells

    def describes(self, key: str) -> bool:
        """Say whether the model described what was under a key before."""
        return any(row["caption_by"] == "model" for row in self.held.known(key))

    def is_new(self, plate: Plate) -> bool:
        """Say whether a picture is to be embedded; note it where it cannot be read or is a twin."""
        key = plate.entry.key
        if plate.reason:
            self.unread.append((key, plate.reason))
            self.seen += 1
            return False
        if plate.entry.mark:
            self.seen_files.note(key, plate.entry.mark, plate.sha256)
        self._came(key, plate.sha256, self.held.known(key))
        if plate.sha256 in self.ids:
            self._note_twin(plate.entry, self.ids[plate.sha256])
        else:
            self.ids[plate.sha256] = id = _id(key, plate.sha256)
            self.places[id] = [(self.origin, key)]
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
            self.fresh |= set(rows["id"].to_pylist())
        self.seen_files.keep()

    def settle(self) -> None:
        """Write what changed of pictures that were there: texts, keys, and what replaced them."""
        kept, gone = {}, []
        for id in sorted(self.touched):
            kept[id] = [place for place in self.places[id] if self._holds(id, *place)]
            if not kept[id]:
                gone.append(id)
        changed = {id: places for id, places in kept.items() if places}
        self._follow(changed)
        if changed:
            rows = [{"id": id, **keys_of(places)} for id, places in sorted(changed.items())]
            names = ["id", "source", "key", "also"]
            self.store.change(pa.Table.from_pylist(rows, schema=columns_of(names)))
        for id in gone:
            self.renewed.pop(id, None)
        if gone:
            self._replace(gone)
        if self.renewed:
            schema = columns_of(["id", *TEXTS])
            self.store.change(pa.Table.from_pylist(list(self.renewed.values()), schema=schema))

    def tell(self) -> None:
        """Report how far the import is and how long it will take."""
        self.told = time.monotonic()
        seconds = self.told - self.start
        of = f" of {self.count:,}" if self.count else ""
        words = f"{self.seen:,}{of} pictures"
        if self.count and (fresh := self.seen - self.present):
            words += f", {duration((self.count - self.seen) * seconds / fresh)} left"
        if self.unread:
            words += f", {len(self.unread):,} unreadable"
        tell(self.progress, min(self.seen / self.count, 1.0) if self.count else 0.0, words)

    def tell_at_times(self) -> None:
        """Report likewise, where nothing was said for a while."""
        if time.monotonic() - self.told > QUIET_S:
            self.tell()

    def _renew(self, row: dict[str, Any], entry: Entry) -> None:
        if fresh := renewed(row, entry):
            self.renewed[row["id"]] = fresh
            self.retold += any(fresh[name] != row[name] for name in TEXTS if name != "address")

    def _came(self, key: str, sha256: str, rows: Sequence[dict[str, Any]]) -> None:
        """Note what a file is now, and which pictures it is no longer."""
        self.now[key] = sha256
        self.touched |= {row["id"] for row in rows if row["sha256"] != sha256}

    def _holds(self, id: str, source: str, key: str) -> bool:
        """Say whether a picture is still what lies under a key of some source."""
        now = self.now.get(key) if source == self.origin else None
        return now is None or self.ids.get(now) == id

    def _follow(self, changed: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Take pictures whose files have but other names for those that they were."""
        moved = set()
        for id, ((source, key), *_) in changed.items():
            row = self.held.picture(id)
            if row and source == self.origin and key in self.again:
                moved.add(key)
                self.present += 1
                self._renew(row, self.again[key])
        self.twins = [one for one in self.twins if one[0] not in moved]

    def _replace(self, gone: Sequence[str]) -> None:
        """Take pictures out whose files hold others now; those that are new take their places."""
        rows = {row["id"]: row for row in self.store.rows(HELD).to_pylist()}
        heirs = []
        for id in gone:
            key = self.places[id][0][1]
            heir = self.ids.get(self.now[key], "")
            if heir in rows and self.places[heir][0] == (self.origin, key):
                heirs.append(inherited(rows[id], rows[heir]))
        self.replaced = len(gone)
        if heirs:
            schema = columns_of(["id", "seq", *TEXTS, "edited"])
            self.store.change(pa.Table.from_pylist(heirs, schema=schema))
        self.store.delete(gone)

    def _note_twin(self, entry: Entry, id: str) -> None:
        self.twins.append((entry.key, self.places[id][0][1]))
        self.places[id].append((self.origin, entry.key))
        self.again[entry.key] = entry
        self.touched.add(id)

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
            edited=[],
        )


def places_of(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each source and key under which the picture of a row came."""
    others = (one.partition("\n") for one in row["also"] or ())
    return [(row["source"], row["key"]), *((source, key) for source, _, key in others)]


def keys_of(places: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return places as a row has them, the first one for itself."""
    (source, key), *others = dict.fromkeys(places)
    return {"source": source, "key": key, "also": [f"{one}\n{other}" for one, other in others]}


def duration(seconds: float) -> str:
    """Say a time in words that do not pretend to be exact."""
    seconds = max(seconds, 0.0)
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _id(key: str, sha256: str) -> str:
    """Return a name for a picture that no other has, and that is safe as a file's."""
    return f"{name_from(PurePosixPath(key).stem)[:40].strip('-')}-{sha256[:10]}"
