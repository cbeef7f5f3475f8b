"""Serves the page over the drawing engine, with originals of ten of its 24 engravings."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import cast

from engrave.engine import Engine
from engrave.originals.likeness import hash_of
from engrave.originals.shown import Shown
from engrave.originals.store import Store
from engrave.originals.wanted import NAME, Wanted, write_wanted
from tests.fakes import FakeEngine, make_collection
from tests.originals.conftest import COUNT, plate

SHOWN = 10


def engine_with_originals(folder: Path) -> Engine:
    """Return an engine over a new collection, and keep originals in $ENGRAVE_HOME."""
    collection = make_collection(folder / "collection", COUNT)
    wanted = [
        Wanted(
            id=item.id,
            gutenberg_id=item.gutenberg_id,
            source_path=f"{item.gutenberg_id}-h/images/plate-{row}.jpg",
            hash=hash_of(plate(row)),
        )
        for row, item in enumerate(collection.items)
    ]
    write_wanted(wanted, folder / "collection" / NAME)
    store = Store()
    with store.writing():
        for row, one in enumerate(wanted[:SHOWN]):
            store.keep(one.id, one.hash, plate(row), "a test", 0)
        Shown(collection, store).write_sheets()
    return cast(Engine, FakeEngine(collection))


def serve() -> None:
    """Serve until the end."""
    from engrave.ui.exhibit import build_examples
    from engrave.ui.page import build_page, launch_settings

    folder = Path(tempfile.mkdtemp(prefix="engrave-originals-"))
    engine = engine_with_originals(folder)
    build_examples(engine, folder / "examples")
    page = build_page(engine, folder / "examples")
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    print(f"Engrave is at {address}", flush=True)
    page.block_thread()


if __name__ == "__main__":
    serve()
