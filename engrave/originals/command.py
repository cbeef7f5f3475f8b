"""The command `originals`: fetches, counts or removes scans of the collection. Knows no page."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable

from engrave.collection import Collection
from engrave.errors import OriginalsError
from engrave.originals.gather import gather
from engrave.originals.manners import MIRROR
from engrave.originals.mirror import Mirror
from engrave.originals.shown import Shown
from engrave.originals.sources import open_folder
from engrave.originals.store import KEPT, MISSED, Store
from engrave.originals.wanted import NAME, Wanted, read_wanted
from engrave.places import folder_of
from engrave.progress import Progress

LISTED = 20  # scans that are named one by one


def run(
    arguments: argparse.Namespace,
    *,
    say: Callable[[str], None],
    remark: Callable[[str], None],
    progress: Progress,
) -> int:
    """Run the command; return 0, or 1 where scans are missing."""
    store = Store()
    if arguments.remove:
        freed = store.remove()
        page: dict[str, object] = {"folder": str(store.folder), "freed_bytes": freed}
        line = f"{store.folder}: removed, {freed / 1e6:.1f} MB freed"
        say(json.dumps(page) if arguments.json else line)
        return 0
    folder = arguments.collection or folder_of("collection")
    if folder is None:
        raise OriginalsError("There is no collection; name its folder by --collection.")
    collection, wanted = Collection.load(folder), read_wanted(folder / NAME)
    if not arguments.status:
        _fetch(arguments, collection, wanted, store, progress)
    return _tell(arguments, wanted, store, say, remark)


def _fetch(
    arguments: argparse.Namespace,
    collection: Collection,
    wanted: tuple[Wanted, ...],
    store: Store,
    progress: Progress,
) -> None:
    if arguments.source and arguments.mirror:
        raise OriginalsError("--from and --mirror both came; give the one to fetch from.")
    address = arguments.mirror or os.environ.get("ENGRAVE_MIRROR") or MIRROR
    if arguments.source:
        source = open_folder(arguments.source)
    else:
        source = Mirror(address, pause_s=arguments.pause)
    try:
        gather(
            wanted, source, store, limit=arguments.limit, again=arguments.again, progress=progress
        )
    finally:
        # also where it was stopped: what is there shall be shown
        progress(1.0, "Laying out the thumbnails")
        shown = Shown(collection, store)
        if len(shown) and shown.sheets is None:
            with store.writing():
                shown.write_sheets()


def _tell(
    arguments: argparse.Namespace,
    wanted: tuple[Wanted, ...],
    store: Store,
    say: Callable[[str], None],
    remark: Callable[[str], None],
) -> int:
    states = store.states()
    known = [(one, states.get(one.id)) for one in wanted]
    kept = sum(1 for one, state in known if state and (state.state, state.hash) == (KEPT, one.hash))
    missed = {one.id: state.why for one, state in known if state and state.state != KEPT}
    counts = Counter(state.state for _, state in known if state and state.state != KEPT)
    left = len(wanted) - kept - counts[MISSED]
    if arguments.json:
        page = {"folder": str(store.folder), "bytes": store.size(), "wanted": len(wanted)}
        say(json.dumps(page | {"kept": kept, "left": left, "missed": missed}))
    else:
        for id, why in list(missed.items())[:LISTED]:
            remark(f"{id}: {why}")
        if len(missed) > LISTED:
            remark(f"... and {len(missed) - LISTED:,} more; --status --json names all of them")
        size = f"{store.size() / 1e6:.1f} MB in {store.folder}" if kept else str(store.folder)
        say(f"{kept:,} of {len(wanted):,} originals are kept, {left:,} are left to fetch ({size})")
    return 1 if missed and not arguments.status else 0
