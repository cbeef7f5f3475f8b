"""Walks a IIIF manifest or Collection. Visits each page once, and not more pages than it may."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from engrave.errors import SourceError
from engrave.sources.addresses import joined
from engrave.sources.columns import facts_of
from engrave.sources.entry import MAX_ENTRIES, Entry, Unread
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif.canvases import (
    KINDS,
    Canvas,
    Json,
    canvases_of,
    facts_of_manifest,
    id_of,
    kind_of,
    members_of,
)
from engrave.sources.iiif.images import fetch_picture
from engrave.sources.iiif.labels import text_of
from engrave.sources.keys import Keys
from engrave.sources.words import shown

MAX_PAGE_BYTES = 20_000_000
MAX_PAGES = 20_000  # manifests and Collections of one source
MAX_DEPTH = 30  # Collections within Collections


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A manifest or Collection that waits for its turn."""

    address: str
    depth: int
    within: str  # the label of the Collection that names it
    page: Json | None = None  # where it is here already


class Iiif:
    """The canvases of a manifest, or of all manifests of a Collection."""

    def __init__(self, root: Json, address: str, fetcher: Fetcher) -> None:
        if kind_of(root) not in KINDS:
            raise SourceError(
                f"{shown(address)} is no IIIF manifest or Collection of version 2 or 3; "
                "give the address that the library's viewer calls its manifest."
            )
        self._root, self._address, self._fetcher = root, id_of(root) or address, fetcher
        self.name = text_of(root.get("label"))[:100] or "IIIF"
        self.unread = Unread()
        self.count: int | None = None
        if kind_of(root) == "Manifest":
            self.count = sum(len(canvas.pictures) for canvas in canvases_of(root))
            if self.count == 0:
                raise SourceError(f"{shown(address)} is a manifest that shows no picture.")

    def entries(self) -> Iterator[Entry]:
        """Yield each picture, manifests in the order in which the Collections name them."""
        self.unread.clear()
        keys, count = Keys(), 0
        for manifest, within in self._manifests():
            facts = facts_of_manifest(manifest) | ({"collection": within} if within else {})
            source = id_of(manifest) or self._address
            alone = len(list(itertools.islice(canvases_of(manifest), 2))) == 1
            for canvas in canvases_of(manifest):
                if alone:  # the canvas of a single print is called 1 or recto
                    canvas = _called_as(manifest, canvas)
                if not canvas.pictures:
                    lack = f"shows no picture ({', '.join(canvas.others) or 'it is empty'})"
                    self.unread.note(canvas.id, f"Canvas {shown(canvas.id)} {lack}.")
                for entry in self._entries_of(canvas, facts, source, keys):
                    if count >= MAX_ENTRIES:
                        why = f"Only the first {MAX_ENTRIES:,} pictures are read."
                        self.unread.note(source, why)
                        return
                    count += 1
                    yield entry

    def _entries_of(
        self, canvas: Canvas, facts: dict[str, str], source: str, keys: Keys
    ) -> Iterator[Entry]:
        told = facts_of(facts | canvas.pairs)
        for number, picture in enumerate(canvas.pictures, 1):
            yield Entry(
                key=keys.claim(canvas.id, f"{source}#{number}"),
                read=partial(fetch_picture, picture, self._fetcher),
                title=canvas.label[:500] or told.title,
                caption=canvas.caption[:2_000],
                facets=told.facets,
                address=told.facets.get("url", "") or source,
            )

    def _manifests(self) -> Iterator[tuple[Json, str]]:
        """Yield each manifest once, with the label of the Collection that named it first."""
        waiting = deque([_Page(address=self._address, depth=0, within="", page=self._root)])
        seen = {joined("", self._address)}
        while waiting:
            place = waiting.popleft()
            page = place.page or self._fetched(place)
            if page is None:
                continue
            if kind_of(page) == "Manifest":
                yield page, place.within
                continue
            found = []
            for member in members_of(page):
                address = joined(place.address, id_of(member))
                if not address or address in seen:
                    continue
                if len(seen) >= MAX_PAGES or place.depth >= MAX_DEPTH:
                    why = f"more than {MAX_PAGES:,} pages, or nested deeper than {MAX_DEPTH}"
                    self.unread.note(address, f"{shown(address)} is not read: {why}.")
                    break
                seen.add(address)
                found.append(self._page(place, member, address, text_of(page.get("label"))))
            waiting.extendleft(reversed(found))  # so that what a Collection names stays together

    def _page(self, place: _Page, member: Json, address: str, label: str) -> _Page:
        whole = any(member.get(name) for name in ("items", "sequences"))
        page = member if whole and kind_of(member) in KINDS else None
        return _Page(address=address, depth=place.depth + 1, within=label[:500], page=page)

    def _fetched(self, place: _Page) -> Json | None:
        try:
            page = read_page(self._fetcher.get(place.address, MAX_PAGE_BYTES), place.address)
            if kind_of(page) not in KINDS:
                raise SourceError(f"{shown(place.address)} is no manifest and no Collection.")
        except SourceError as error:
            self.unread.note(place.address, str(error))
            return None
        return page


def _called_as(manifest: Json, canvas: Canvas) -> Canvas:
    said = text_of(manifest.get("summary") or manifest.get("description"))
    label = text_of(manifest.get("label"))
    return replace(canvas, label=label or canvas.label, caption=canvas.caption or said)


def read_page(data: bytes, name: str) -> Json:
    """Return a JSON object; raises SourceError."""
    try:
        page = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{shown(name)} is no JSON that can be read; give a IIIF manifest or Collection."
        ) from error
    if not isinstance(page, dict):
        raise SourceError(f"{shown(name)} is JSON, but no IIIF manifest or Collection.")
    return page
