"""Kills imports at random moments; each goes on where the last one was, until all is there."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.sources import open_source
from tests.fake_studio import FakeStudio, draw, latent_from

PICTURES = 200
NAME = "prints"
Apart = Callable[[Callable[[], None]], int]


def draw_all(folder: Path) -> None:
    """Write pictures that all differ."""
    for number in range(PICTURES):
        draw(latent_from(str(number)), 64).save(folder / f"{number:03d}.png")


def bring(shelf: Path, folder: Path, told: int) -> None:
    """Import the folder, or go on with it; tell of each batch."""
    work = Importer(Shelf(shelf), FakeStudio())

    def tell(share: float, words: str) -> None:
        os.write(told, b".")

    work.run(open_source(folder), NAME, origin="drawings", progress=tell)


def check(shelf: Path, known: Path, *, all_of_it: bool) -> None:
    """Assert that what was there is there still, once and whole; remember what is there now."""
    volume = Shelf(shelf).open(NAME)
    ids = [item.id for item in volume.items]
    before = set(known.read_text().split()) if known.exists() else set()
    assert before <= set(ids), "pictures were lost"
    assert len({item.key for item in volume.items}) == len(ids) == len(set(ids)), "kept twice"
    assert len(volume.latents) == len(volume.embeddings) == len(ids)
    if ids:
        volume.sprite(len(ids) - 1)
    if all_of_it:
        assert len(ids) == PICTURES and volume.complete, f"{len(ids)} of {PICTURES}"
    known.write_text("\n".join(ids))


def killed_imports(count: int, seed: int, apart: Apart) -> int:
    """Kill imports some times; return how often what was left was broken.

    `apart` runs work in a process of its own and returns its number. An import that ends before it
    is killed is checked, and the next starts a new collection.
    """
    dice, broken, kills = random.Random(seed), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "drawings"
        folder.mkdir()
        os.waitpid(apart(lambda: draw_all(folder)), 0)
        turn = 0
        while kills < count:
            shelf, known = Path(scratch) / f"home-{turn}", Path(scratch) / f"known-{turn}"
            hears, tells = os.pipe()
            writer = apart(lambda: bring(shelf, folder, tells))  # noqa: B023
            os.close(tells)
            os.read(hears, 1)  # it is in full swing, or at its end
            time.sleep(dice.uniform(0, 0.3))
            done, status = os.waitpid(writer, os.WNOHANG)
            if not done:
                os.kill(writer, signal.SIGKILL)
                os.waitpid(writer, 0)
                kills += 1
            os.close(hears)
            ended = bool(done) and status == 0
            reader = apart(lambda: check(shelf, known, all_of_it=ended))  # noqa: B023
            wrong = os.waitpid(reader, 0)[1] != 0 or (bool(done) and status != 0)
            broken += wrong
            turn += ended or wrong  # a new collection after one that is done, or broken
    return broken
