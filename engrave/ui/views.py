"""Answers of the engine as plain data for the widgets. Knows no components."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL.Image import Image

from engrave.access import read_only
from engrave.answers import Candidate, Neighbour, Plate
from engrave.collection import Collection, Item
from engrave.collection.export import IMPORTED, ORIGINAL
from engrave.engine import Engine
from engrave.image import png_with_metadata
from engrave.making.judge import fit_words, novelty_words, unseen_words
from engrave.originals.shown import Shown
from engrave.recipe import Recipe
from engrave.shelf.records import Holding
from engrave.ui.files import data_url, file_url, made_url, save, slug

View = dict[str, Any]
NOTHING: View = {}
MEMORY = "as the model remembers it"
CACHED_THUMBNAILS = 8192  # about 3 kB each


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A plate as a session keeps it: what another tab needs to go on from it."""

    latent: np.ndarray
    caption: str
    text: str
    seed: int
    guidance: float
    steps: int
    path: Path  # of its PNG
    card: View  # what the page shows of it
    recipe: Recipe = field(default_factory=Recipe)
    favourite: bool = False


class Views:
    """Shows answers over one collection, by originals where there are any; remembers the
    thumbnails that it has cut."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.originals = Shown(engine.collection)
        self._cut = lru_cache(maxsize=CACHED_THUMBNAILS)(self._thumbnail)

    def neighbour(self, neighbour: Neighbour) -> View:
        """Return one engraving of the collection."""
        return asdict(neighbour) | {
            "book": book_of(neighbour),
            "thumb": self.thumbnail(neighbour.index),
            "original": self.is_original(neighbour.index),
            "imported": self.engine.collection.holds(neighbour.index),
            "file": file_of(self.engine.collection.item(neighbour.index)),
        }

    def neighbours(self, neighbours: Iterable[Neighbour]) -> list[View]:
        """Return several engravings of the collection."""
        return [self.neighbour(neighbour) for neighbour in neighbours]

    def near(self, neighbours: Iterable[Neighbour]) -> View:
        """Return the list that stands under a picture."""
        return {"heading": "Nearest in the collection", "items": self.neighbours(neighbours)}

    def keep(self, plate: Plate) -> Made:
        """Write a plate's PNG with its settings inside, and return what the session keeps."""
        path = save(png_with_metadata(plate.image, plate.facts()), plate_name(plate))
        return Made(
            latent=plate.latent,
            caption=plate.caption,
            text=plate.text,
            seed=plate.seed,
            guidance=plate.guidance,
            steps=plate.steps,
            path=path,
            card=self.card(plate, path),
            recipe=plate.recipe,
        )

    def card(self, plate: Plate, path: Path) -> View:
        """Return one plate, its PNG lying at `path`."""
        return {
            "src": file_url(path),
            "name": plate_name(plate),
            "caption": plate.caption,
            "seed": plate.seed,
            "guidance": f"{plate.guidance:g}",
            "steps": plate.steps,
            "near": self.neighbours(plate.neighbours),
            "told": told_of(plate),
            "recipe": file_url(save(plate.recipe.as_json().encode(), f"{path.stem}.json")),
        }

    def detail(self, index: int, near: Iterable[Neighbour], src: str = "") -> View:
        """Return one engraving of the collection with its neighbours; `src` is the address of its
        reconstruction where that is known."""
        own = self.neighbour(self.engine.collection.neighbour(index))
        original = self.originals.picture(index)
        picture = data_url(original) if original else src or self._remembered(index)
        told = {"picture": picture, "original": original is not None}
        return own | told | {"near": self.neighbours(near), "held": self.held(index)}

    def is_original(self, index: int) -> bool:
        """Tell whether an engraving is shown by its original."""
        return bool(self.originals.rows[index])

    def sprite(self, index: int) -> Image:
        """Return the thumbnail of an engraving."""
        return self.originals.thumbnail(index) or self.engine.collection.sprite(index)

    def likeness(self, rows: Iterable[int]) -> str:
        """Say what the pictures of engravings are."""
        found = {
            ORIGINAL if self.is_original(row) else remembered(self.engine.collection, row)
            for row in rows
        }
        return ", or ".join(sorted(found, key=(ORIGINAL, IMPORTED, MEMORY).index)) or MEMORY

    def _remembered(self, index: int) -> str:
        return picture_url(self.engine, index)

    def held(self, index: int) -> View | None:
        """Return what an own collection knows of a picture and can be changed."""
        item = self.engine.collection.item(index)
        if not isinstance(item, Holding):
            return None
        facts: View = {"caption": item.caption, "title": item.printed, "facets": dict(item.facets)}
        return facts | {"by": item.caption_by, "file": item.key, "fixed": read_only()}

    def thumbnail(self, index: int) -> str:
        """Return the thumbnail of an engraving as an address of its own."""
        return self._cut(index, self.originals.stamp)

    def _thumbnail(self, index: int, stamp: str) -> str:
        sprite = self.sprite(index)
        return data_url(sprite, sprite.width, quality=80)


def remembered(collection: Collection, index: int) -> str:
    """Say what the picture of an engraving is where no original is shown."""
    return IMPORTED if collection.holds(index) else MEMORY


def picture_url(engine: Engine, index: int) -> str:
    """Return the picture of an engraving inside of an address; only what the model made of it is
    marked as such."""
    picture = engine.original(index)
    if engine.collection.holds(index):
        return data_url(picture)
    return made_url(picture, {"model_version": engine.model_version})


def book_of(one: Neighbour | Item) -> str:
    """Return the book of an engraving, else its title, else its number."""
    return one.book or one.printed or one.id


def file_of(item: Item) -> str:
    """Return the name of the file that a picture was imported from, empty where there was none."""
    return PurePosixPath(item.key).name if isinstance(item, Holding) else ""


def origin_of(one: Neighbour | Item) -> str:
    """Return book and year of an engraving, as far as they are known."""
    return f"{book_of(one)}, {one.year}" if one.year else book_of(one)


def candidates(found: Iterable[Candidate]) -> list[View]:
    """Return captions with their figures."""
    return [asdict(candidate) for candidate in found]


def told_of(plate: Plate) -> list[View]:
    """Return what is said under a plate: each sentence, and whether it is a warning."""
    verdict = plate.verdict
    read_back = verdict.read_back and f"Read back from its pixels: “{verdict.read_back}”."
    lines = [
        (unseen_words(verdict), True),
        (read_back, False),
        (fit_words(verdict), False),
        (novelty_words(verdict), False),
    ]
    return [{"words": words, "warning": warning} for words, warning in lines if words]


def plate_name(plate: Plate) -> str:
    """Return the file name of a plate."""
    return f"engrave-{slug(plate.text)}-seed-{plate.seed}.png"
