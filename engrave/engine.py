"""Answers questions about engravings. Knows no widgets, arguments or HTTP.

Shapes: L width of the latent, E width of the embedding, N pictures, texts or frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL.Image import Image

from engrave import limits
from engrave.answers import CaptionAnswer, Neighbour, Plate, Walk
from engrave.collection import Collection
from engrave.collection.queries import Nearness
from engrave.errors import PictureError, PromptError
from engrave.image import open_picture
from engrave.judging import written
from engrave.making import Maker
from engrave.making.edits import series
from engrave.making.judge import beside
from engrave.making.lexicon import trained_on
from engrave.manifest import Manifest, manifest_of
from engrave.places import folder_of
from engrave.progress import Progress, part, suffixed, tell
from engrave.recipe import Recipe as PlateRecipe
from engrave.recipe_file import checked
from engrave.shelf.shelf import open_collection
from engrave.sleeper import Sleeper
from engrave.walks import Keyframe, Recipe
from engrave.walks.walker import Walker

if TYPE_CHECKING:  # torch takes seconds to import, and a page can be shown without it
    from engrave.model.multimodal import MultimodalModel
    from engrave.studio import Studio

TEXT_PREFIX = "text:"

Picture = Image | Path | bytes
Source = str | Picture | np.ndarray


class Engine:
    """One model and one collection behind every tab, command and endpoint; threads may share it."""

    def __init__(self, model: MultimodalModel | Manifest, collection: Collection) -> None:
        self._sleeper = Sleeper(model)
        self.config, self._facts = model.config, model.facts
        self.collection = collection
        self.maker = Maker(
            self._sleeper.studio, self.config, collection, self.model_version,
            lambda: trained_on(self.collection, self.model_version),
        )  # fmt: skip
        collection.check_fits(self._facts.get("version", ""), self.config.embedding_width)

    def with_collection(self, collection: Collection) -> Engine:
        """Return an engine that searches another collection with the same model.

        What it generates still leans on the engravings that this one began with, so that a text
        and a seed give the same picture whatever is searched.
        """
        collection.check_fits(self._facts.get("version", ""), self.config.embedding_width)
        other = copy(self)
        other.collection = collection
        return other

    @classmethod
    def load(cls, model: Path | None = None, collection: Path | None = None) -> Engine:
        """Take the given folders, else $ENGRAVE_MODEL and $ENGRAVE_COLLECTION, else assets/.

        A collection may be an own one's name. Weights are read when first needed, or by `wake`.
        """
        collection = collection or folder_of("collection")
        shown = open_collection(collection) if collection else Collection()
        return cls(manifest_of(model), shown)

    @classmethod
    def alone(cls, model: Path | None = None) -> Engine:
        """Take the model as `load` does, and no collection: for reading pictures into one."""
        return cls(manifest_of(model), Collection())

    def wake(self) -> None:
        """Read the weights now; raises CheckpointError where they are damaged."""
        self._sleeper.studio()

    @property
    def studio(self) -> Studio:
        """The model itself, for work on many pictures."""
        return self._sleeper.studio()

    @property
    def model_version(self) -> str:
        """Version that the checkpoint gives itself."""
        return self._facts.get("version", "unknown")

    @property
    def preset(self) -> str:
        """Size of the model: smoke, small or seed."""
        return self.config.preset

    def encode(self, image: Picture) -> np.ndarray:
        """Return the latent (L,) of a picture."""
        return self.studio.encode(open_picture(image))

    def embed(self, latents_NL: np.ndarray) -> np.ndarray:
        """Return the joint embeddings (N, E) of latents."""
        return self.studio.embed(latents_NL)

    def embed_images(
        self, images: Iterable[Picture], *, progress: Progress | None = None
    ) -> np.ndarray:
        """Return the joint embeddings (N, E) of pictures."""
        latents: list[np.ndarray] = []
        for image in images:
            tell(progress, 0.0, f"Reading picture {len(latents) + 1}")
            latents.append(self.encode(image))
        return self.embed(np.array(latents).reshape(-1, self.config.latent_width))

    def embed_texts(self, texts: Iterable[str]) -> np.ndarray:
        """Return the joint embeddings (N, E) of texts."""
        return self.studio.embed_texts([limits.needed_text(text) for text in texts])

    def caption(
        self,
        image: Picture,
        *,
        num: int = 3,
        num_neighbours: int = 6,
        sampled: int = 0,
        progress: Progress | None = None,
    ) -> CaptionAnswer:
        """Describe a picture: captions, best first, then those by chance, and the nearest
        engravings."""
        num, sampled = limits.CANDIDATES.whole(num), limits.SAMPLED.whole(sampled)
        num_neighbours = limits.NEIGHBOURS.whole(num_neighbours)
        tell(progress, 0.1, "Looking at the picture")
        latent = self.encode(image)
        tell(progress, 0.3, "Writing captions")
        candidates = written(self.studio, latent, num, sampled)
        tell(progress, 0.9, "Finding its neighbours")
        return CaptionAnswer(candidates, self.neighbours(latent, num_neighbours), latent)

    def generate(
        self,
        text: str,
        *,
        num: int = 4,
        seed: int = 0,
        guidance: float = 2.0,
        steps: int = 20,
        less: str = "",
        less_weight: float = 1.0,
        corner_mark: bool = False,
        num_neighbours: int = 4,
        describe: bool = True,
        progress: Progress | None = None,
    ) -> Iterator[Plate]:
        """Make engravings from a text, or from chance where it is empty, one at a time.

        Plate k has the seed `seed + k` (modulo 2**32) and is the same whatever `num` is.
        """
        num, num_neighbours = limits.PLATES.whole(num), limits.NEIGHBOURS.whole(num_neighbours)
        first = checked(
            PlateRecipe(
                text=text, less=less, less_weight=less_weight, seed=seed, guidance=guidance,
                steps=steps, corner_mark=corner_mark,
            )
        )  # fmt: skip
        return self._plates(series(first, num), num_neighbours, describe, progress)

    def follow(
        self,
        recipe: PlateRecipe,
        *,
        num_neighbours: int = 4,
        describe: bool = True,
        progress: Progress | None = None,
    ) -> Plate:
        """Make the engraving of a recipe; the same model makes the same pixels each time."""
        plate = self.maker.make(
            recipe, num_neighbours=num_neighbours, describe=describe, progress=progress
        )
        if self.collection is not self.maker.collection:
            plate = beside(plate, self.neighbours(plate.latent, num_neighbours), self.collection)
        return plate

    def latent_of(
        self, source: Source, *, seed: int = 0, guidance: float = 2.0, steps: int = 20
    ) -> np.ndarray:
        """Return the latent (L,) of a picture, of 'text:...' or of an id of the collection.

        A `str` is never opened as a file, so that a page may pass on what was typed: give a Path.
        """
        if isinstance(source, np.ndarray):
            return self._latent(source)
        if not isinstance(source, str):
            return self.encode(source)
        if source.startswith(TEXT_PREFIX):
            text = limits.needed_text(source.removeprefix(TEXT_PREFIX))
            recipe = PlateRecipe(text=text, seed=seed, guidance=guidance, steps=steps)
            return self.maker.latent(checked(recipe))[0]
        row = self.collection.row(source)
        if row is None:
            raise PictureError(
                f"There is no picture file and no engraving of the collection called "
                f"'{source[:80]}'; give a file, an id such as 16102-0000, or 'text:a ship'."
            )
        return self.collection.latents[row]

    def walk(
        self,
        a: Source,
        b: Source,
        *,
        frames: int = 16,
        mode: str = "prior",
        curve: str = "slerp",
        seed: int = 0,
        steps: int = 20,
        caption_every: int = 4,
        progress: Progress | None = None,
    ) -> Walk:
        """Walk from a to b (each as for `latent_of`), with captions on the way and at the end."""
        ends = [self.latent_of(end, seed=seed, steps=limits.STEPS.whole(steps)) for end in (a, b)]
        recipe = Recipe(
            keyframes=tuple(Keyframe(latent=end) for end in ends),
            modes=(mode,), frames=frames, pace="time", curve=curve, steps=steps,
        )  # fmt: skip
        return self.walk_through(recipe, caption_every=caption_every, progress=progress)

    def walk_through(
        self, recipe: Recipe, *, caption_every: int = 1, progress: Progress | None = None
    ) -> Walk:
        """Walk through the keyframes of a recipe; the same recipe makes the same pixels."""
        caption_every = limits.CAPTION_EVERY.whole(caption_every)
        recipe.check_model(self.model_version)
        tell(progress, 0.0, "Finding the keyframes")
        latents = [
            self.latent_of(one.whence, seed=one.seed, steps=recipe.steps)
            for one in recipe.keyframes
        ]
        walker = Walker(self.studio, self.collection, recipe, latents)
        return walker.walk(caption_every=caption_every, progress=part(progress, 0.15, 1.0))

    def search(self, text: str, *, num: int = 24) -> tuple[Neighbour, ...]:
        """Return the engravings of the collection that fit a text best."""
        num = limits.RESULTS.whole(num)
        return self.collection.nearest(self.embed_texts([text])[0], num)

    def neighbours(
        self, vector: np.ndarray, num: int = 6, *, exclude: int | None = None
    ) -> tuple[Neighbour, ...]:
        """Return the engravings nearest to a latent (L,) or to an embedding (E,)."""
        return self.collection.nearest(self._embedding(vector), num, exclude=exclude)

    def nearness(self, latent: np.ndarray) -> Nearness:
        """Say how near a picture of this latent (L,) is to the collection."""
        return self.collection.nearness(self._latent(latent), self.config.meaning_width)

    def place(self, vector: np.ndarray) -> tuple[float, float]:
        """Return where a latent (L,) or an embedding (E,) belongs on the collection's map."""
        return self.collection.place(self._embedding(vector))

    def decode(self, latents_NL: np.ndarray, *, progress: Progress | None = None) -> list[Image]:
        """Return the pictures of latents (N, L)."""
        return self.studio.decode(latents_NL, progress)

    def words(self, latents_NL: np.ndarray) -> list[str]:
        """Return one caption for each of latents (N, L)."""
        return self.studio.captions(latents_NL)

    def original(self, index: int) -> Image:
        """Return the picture of an engraving: the collection's, else the model's reconstruction."""
        held = self.collection.picture(index)
        return held or self.decode(self.collection.latents[index : index + 1])[0]

    def _plates(
        self, recipes: Sequence[PlateRecipe], num: int, describe: bool, progress: Progress | None
    ) -> Iterator[Plate]:
        for index, recipe in enumerate(recipes):
            share = part(progress, index / len(recipes), (index + 1) / len(recipes))
            named = suffixed(share, f" engraving {index + 1} of {len(recipes)}")
            yield self.follow(recipe, num_neighbours=num, describe=describe, progress=named)

    def _embedding(self, vector: np.ndarray) -> np.ndarray:
        if vector.shape == (self.config.embedding_width,):
            return vector
        return self.embed(self._latent(vector)[None])[0]

    def _latent(self, vector: np.ndarray) -> np.ndarray:
        width = self.config.latent_width
        if vector.shape != (width,) or not np.isfinite(vector).all():
            raise PromptError(
                f"A latent of shape {vector.shape} came; it must be {width} finite numbers."
            )
        return vector
