"""Which collection each session looks at, and where own collections live: with the machine, or with
one session alone until it ends."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import RLock
from weakref import WeakValueDictionary, finalize

import gradio as gr

from engrave.access import alone, shared
from engrave.collection import Collection
from engrave.collection.pair import Pair
from engrave.engine import Engine
from engrave.errors import CollectionError, EngraveError
from engrave.shelf.names import checked_name
from engrave.shelf.shelf import Shelf, Standing
from engrave.ui import scratch
from engrave.ui.explore_map import Chart
from engrave.ui.guard import PROXIED
from engrave.ui.room import GUEST
from engrave.ui.views import Views
from engrave.ui.visiting import Visiting
from engrave.ui.visitors import owner_of

OVER, ANEW = "+", "*"  # between two names: the second on the first's map, or both on a new one
SHIPPED = ""  # the name of the collection that everybody begins with
IDLE_S = 3600.0  # after a page was closed, until what it held is deleted; a session may come back
LONGEST_S = 24 * 3600.0  # without a request, of a page that nobody saw closing
NEST = "engrave-session-"  # before the name of a private shelf


def _passed_on(request: gr.Request | None) -> bool:
    """Tell whether a proxy handed a request on, so that it may come from anybody."""
    headers = getattr(request, "headers", None) or {}
    return any(str(name).lower().startswith(PROXIED) for name in dict(headers))


@dataclass(eq=False)
class Session:
    """One open page: what it looks at, and the shelf that it reads and writes."""

    shelf: Shelf
    shipped: Chart
    private: bool  # whether nobody else sees the shelf
    open: Callable[[Shelf, str], Chart]
    keep: Callable[[Session], None]
    home: Path | None = None  # of a private shelf, deleted with the session
    seen: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.chart = self.shipped

    @property
    def name(self) -> str:
        """The collection that is looked at, or two with a sign between them."""
        return self.chart.name

    @property
    def own(self) -> bool:
        """Whether one own collection is looked at."""
        return self.name != SHIPPED and not _two(self.name)

    def look_at(self, name: str) -> None:
        """Choose a collection, as it is now."""
        self.chart = self.open(self.shelf, name)
        self.stay()

    def engine(self, name: str = SHIPPED) -> Engine:
        """Return what answers from one collection that this session may see, by its name."""
        return self.open(self.shelf, SHIPPED if name == SHIPPED else checked_name(name)).engine

    def stay(self) -> None:
        """Be known from now on, with whatever is put on the shelf."""
        self.keep(self)

    def standings(self) -> list[Standing]:
        """Return what is known of the session's collections; one that is damaged is left out."""
        found = []
        for name in self.shelf.names():
            try:
                found.append(self.shelf.standing(name))
            except EngraveError:
                continue
        return found


Key = tuple[str, str, bool]  # a page, whose it is, and whether its shelf is private


def sweep(folder: Path) -> None:
    """Delete private shelves that a server which was killed left behind."""
    for nest in folder.glob(f"{NEST}*"):
        try:
            old = time.time() - nest.stat().st_mtime >= LONGEST_S
        except OSError:  # another server was faster
            continue
        if old and not nest.is_symlink():
            shutil.rmtree(nest, ignore_errors=True)


class Sessions:
    """All sessions that chose something; the others see the collection that is shipped."""

    def __init__(
        self,
        shipped: Chart,
        *,
        private: bool | None = None,
        idle_s: float = IDLE_S,
        folder: Path | None = None,
    ) -> None:
        self.shipped, self.idle_s = shipped, idle_s
        self.private = alone() if private is None else private
        shipped.fixed = self.private
        self.folder = folder or Path(tempfile.gettempdir())  # of private shelves
        self._known: dict[Key, Session] = {}
        self._open: WeakValueDictionary[tuple[Path, str, str], Chart] = WeakValueDictionary()
        self._lock = RLock()
        self._guess = private is None and not shared()  # each request may tell better
        self._secret = secrets.token_bytes(32)  # so that nobody can name another's shelf
        sweep(self.folder)
        self.session = Visiting(self.of)
        self.chart = self.session.then(lambda session: session.chart)
        self.engine = self.chart.then(lambda chart: chart.engine)
        self.views = self.chart.then(lambda chart: chart.views)

    def of(self, request: gr.Request | None) -> Session:
        """Return the session that sent a request."""
        page = str(getattr(request, "session_hash", None) or "")
        owner = GUEST if request is None else owner_of(request.cookies)
        private = self.private or (self._guess and _passed_on(request))
        self.shipped.fixed |= private
        # the name of a page alone opens nothing: whoever learnt it lacks the cookie
        key = (page, page if owner == GUEST else owner, private)
        with self._lock:
            session = self._known.get(key) or self._fresh(key)
            session.seen = time.monotonic()
            if session.home is not None and session.home.is_dir():
                os.utime(session.home)  # so that no other server takes it for left behind
            return session

    def leave(self, page: str | None) -> None:
        """Forget a session whose page was closed, unless it came back meanwhile."""
        self._forget({key for key in self._known if page and key[0] == page}, self.idle_s)

    def _fresh(self, key: Key) -> Session:
        """Return a session that is not known yet; a page that was opened anew finds its shelf."""
        self._forget(set(self._known), LONGEST_S)
        page, owner, private = key
        told = hashlib.blake2b(owner.encode(), key=self._secret, digest_size=16).hexdigest()
        nest = self.folder / f"{NEST}{told}" if private else None
        shelf = Shelf(nest) if nest else Shelf()

        def keep(session: Session) -> None:
            if nest:  # nor is it read by others on this machine
                scratch.hold(nest).mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock:
                self._known[key] = session

        # a program has no cookie, only an address that nobody guesses
        reader = owner if nest and owner != page else ""
        return Session(shelf, self.shipped, private, partial(self._chart, reader), keep, nest)

    def _forget(self, sessions: set[Key], idle_s: float) -> None:
        now = time.monotonic()
        with self._lock:
            gone = [one for one in sessions & set(self._known)
                    if now - self._known[one].seen >= idle_s]  # fmt: skip
            homes = {self._known.pop(one).home for one in gone}
            homes -= {session.home for session in self._known.values()}
        for nest in homes:
            if nest is not None:
                scratch.drop(nest)

    def _chart(self, reader: str, shelf: Shelf, name: str) -> Chart:
        """Open a collection; sessions that look at the same version share its chart."""
        if name == SHIPPED:
            return self.shipped
        with self._lock:
            known = [one for one in _names(name) if one != SHIPPED]
            version = shelf.folder, name, " ".join(map(shelf.stamp, known))
            found = self._open.get(version)
            if found is None:
                found = self._open[version] = own_chart(self.shipped, shelf, name)
                if reader:
                    scratch.give(found.folder, reader)
            return found


def own_chart(shipped: Chart, shelf: Shelf, name: str) -> Chart:
    """Return a chart of one collection or of two; its public files go when nobody looks."""
    opened = [_opened(shipped, shelf, one) for one in _names(name)]
    if len(opened) == 2:
        told = [one or "the collection of Engrave" for one in _names(name)]
        opened = [Pair(opened[0], opened[1], (told[0], told[1]), anew=ANEW in name)]
    engine = shipped.engine.with_collection(opened[0])
    folder = shipped.folder / secrets.token_hex(16)
    chart = Chart(engine, Views(engine), folder, name=name, maps=shelf.folder.parent / "maps")
    finalize(chart, scratch.drop, folder)
    return chart


def _opened(shipped: Chart, shelf: Shelf, name: str) -> Collection:
    collection = shipped.engine.collection if name == SHIPPED else shelf.open(name)
    if not len(collection):
        raise CollectionError(f"“{name}” holds no picture yet; import some, then choose it.")
    return collection


def _names(name: str) -> list[str]:
    """Return the one or two collections that a name means."""
    return name.replace(ANEW, OVER).split(OVER, 1)


def _two(name: str) -> bool:
    return len(_names(name)) == 2
