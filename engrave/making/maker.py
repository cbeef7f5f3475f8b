"""Makes pictures by recipes: draws, edits, describes and judges. Knows no widgets and no files.

Shapes: L width of the latent, E width of the embedding, N pictures.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np
from PIL.Image import Image

from engrave.answers import Plate, Verdict
from engrave.collection import Collection, Item
from engrave.collection.queries import Part
from engrave.config import EXEMPLARS, ModelConfig
from engrave.errors import RecipeError
from engrave.image import pad_square
from engrave.making.directions import Direction, find_directions, on_sphere
from engrave.making.judge import Judge
from engrave.making.lexicon import Lexicon
from engrave.marks import with_corner_mark
from engrave.progress import Progress, part, renamed, tell
from engrave.recipe import Edit, Mix, Recipe, Shift, Vary
from engrave.recipe_file import checked

AWAY = 0.5  # how far an exemplar keeps from what there shall be less of, for a weight of 1


class Studio(Protocol):
    """What the maker needs of the model."""

    def encode(self, picture: Image) -> np.ndarray: ...

    def embed(self, latents_NL: np.ndarray) -> np.ndarray: ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray: ...

    def captions(self, latents_NL: np.ndarray) -> list[str]: ...

    def decode(self, latents_NL: np.ndarray, progress: Progress | None = None) -> list[Image]: ...

    def imagine(
        self, text: str, seed: int, guidance: float, steps: int, exemplar_L: np.ndarray | None,
        progress: Progress | None = None, less: str = "", less_weight: float = 1.0,
    ) -> np.ndarray: ...  # fmt: skip

    def revise(
        self, latent_L: np.ndarray, meaning_of_L: np.ndarray, text: str, *, seed: int,
        guidance: float, steps: int, keep_meaning: float, keep_layout: float,
        progress: Progress | None = None,
    ) -> np.ndarray: ...  # fmt: skip


class Maker:
    """Follows recipes with one model and one collection; threads may share it."""

    def __init__(
        self,
        studio: Callable[[], Studio],
        config: ModelConfig,
        collection: Collection,
        model_version: str,
        trained_on: Callable[[], Sequence[Item]],
    ) -> None:
        self._studio, self.config = studio, config
        self._trained_on = trained_on
        self.collection, self.model_version = collection, model_version

    @cached_property
    def judge(self) -> Judge:
        """Sets pictures beside real ones."""
        return Judge(self.collection, Lexicon.of(self._trained_on()))

    @cached_property
    def directions(self) -> tuple[Direction, ...]:
        """In which pictures can be moved, those of most difference first."""
        return find_directions(self.collection, self.config.meaning_width)

    def calibrate(self) -> None:
        """Work out now what the first picture would wait for."""
        self.judge.fits(self._studio())

    def make(
        self,
        recipe: Recipe,
        *,
        num_neighbours: int = 4,
        describe: bool = True,
        progress: Progress | None = None,
    ) -> Plate:
        """Follow a recipe; the same model makes the same pixels each time."""
        recipe = replace(checked(recipe), model_version=self.model_version)
        tell(progress, 0.0, "Imagining")
        latent, recipe = self.latent(recipe, part(progress, 0.0, 0.6))
        tell(progress, 0.6, "Drawing")
        studio = self._studio()
        image = studio.decode(latent[None])[0]
        embedding = studio.embed(latent[None])[0]
        near = self.collection.nearest(embedding, num_neighbours)
        caption, verdict = "", Verdict()
        if describe:
            tell(progress, 0.75, "Describing")
            # what is judged are the finished pixels: the latent was drawn to please the text
            seen = studio.encode(pad_square(image, image.width))
            caption, read_back = studio.captions(np.stack([latent, seen]))
            tell(progress, 0.9, "Judging")
            again = studio.embed(seen[None])[0]
            verdict = self.judge.verdict(recipe.text, near, read_back, again, studio)
        if recipe.corner_mark:
            image = with_corner_mark(image)
        return Plate(
            image, latent, recipe.text, recipe.seed, recipe.guidance, recipe.steps, caption, near,
            self.model_version, recipe, verdict,
        )  # fmt: skip

    def latent(self, recipe: Recipe, progress: Progress | None = None) -> tuple[np.ndarray, Recipe]:
        """Return the latent (L,) of a recipe, and the recipe with all that chance has settled."""
        latent, recipe = self._start(recipe, renamed(part(progress, 0.0, 0.7), "Imagining"))
        for number, edit in enumerate(recipe.edits):
            share = part(progress, 0.7, 0.7 + 0.3 * (number + 1) / len(recipe.edits))
            latent = self._edited(latent, edit, recipe, renamed(share, "Drawing anew"))
        return latent, recipe

    def start_of(self, latent_L: np.ndarray) -> Recipe:
        """Return a recipe that begins from a latent, as of a picture that was uploaded."""
        numbers = np.ascontiguousarray(latent_L, "<f4").tobytes()
        return Recipe(latent=base64.b64encode(numbers).decode("ascii"))

    def shifted(self, latent_L: np.ndarray, shifts: Sequence[Shift]) -> np.ndarray:
        """Return latents (N, L), one for each way to move a picture."""
        return np.stack([self._shifted(latent_L, shift) for shift in shifts])

    def direction(self, name: object) -> Direction:
        """Return the direction of that name; raises RecipeError where there is none."""
        for one in self.directions:
            if one.name == name:
                return one
        raise RecipeError(
            f"This collection has no direction '{str(name)[:60]}'; "
            "open the collection that the recipe was made with."
        )

    def _start(self, recipe: Recipe, progress: Progress | None) -> tuple[np.ndarray, Recipe]:
        if recipe.latent:
            return self._numbers(recipe.latent), recipe
        if recipe.engraving:
            return self.collection.latents[self._row(recipe.engraving)], recipe
        recipe = self._with_exemplar(recipe)
        exemplar = None
        if recipe.exemplar:
            exemplar = self.collection.latents[self._row(recipe.exemplar)]
        latent = self._studio().imagine(
            recipe.text, recipe.seed, recipe.guidance, recipe.steps, exemplar, progress,
            recipe.less, recipe.less_weight,
        )  # fmt: skip
        return latent, recipe

    def _with_exemplar(self, recipe: Recipe) -> Recipe:
        """Choose, by seed, an engraving that fits the text, unless one is named."""
        if recipe.exemplar or not len(self.collection):
            return recipe
        rows: Sequence[int] = range(len(self.collection))
        if recipe.text:
            studio = self._studio()
            text = studio.embed_texts([recipe.text])[0]
            near = self.collection.nearest(text, EXEMPLARS)
            if recipe.less:
                less = studio.embed_texts([recipe.less])[0]
                parts = [Part(text), Part(less, -AWAY * recipe.less_weight)]
                near, _ = self.collection.answers(parts, EXEMPLARS)
            rows = [one.index for one in near]
        row = rows[int(np.random.default_rng(recipe.seed).integers(len(rows)))]
        return replace(recipe, exemplar=self.collection.item(row).id)

    def _edited(
        self, latent_L: np.ndarray, edit: Edit, recipe: Recipe, progress: Progress | None
    ) -> np.ndarray:
        if isinstance(edit, Shift):
            return self._shifted(latent_L, edit)
        if isinstance(edit, Mix):
            meant = replace(edit.meaning_of, model_version=self.model_version)
            other, _ = self.latent(meant, part(progress, 0.0, 0.5))
            return self._studio().revise(
                latent_L, other, edit.meaning_of.text, seed=edit.seed, guidance=recipe.guidance,
                steps=recipe.steps, keep_meaning=1.0, keep_layout=1.0 - edit.strength,
                progress=part(progress, 0.5, 1.0),
            )  # fmt: skip
        return self._varied(latent_L, edit, recipe, progress)

    def _varied(
        self, latent_L: np.ndarray, edit: Vary, recipe: Recipe, progress: Progress | None
    ) -> np.ndarray:
        if not edit.strength:
            return latent_L
        kept = 1.0 - edit.strength
        return self._studio().revise(
            latent_L, latent_L, recipe.text, seed=edit.seed, guidance=recipe.guidance,
            steps=recipe.steps, keep_meaning=kept, keep_layout=kept, progress=progress,
        )  # fmt: skip

    def _shifted(self, latent_L: np.ndarray, edit: Shift) -> np.ndarray:
        if not edit.x and not edit.y:
            return latent_L
        moved = latent_L.astype(np.float64)
        for name, way in ((edit.across, edit.x), (edit.up, edit.y)):
            moved = moved + way * self.direction(name).step_L
        return on_sphere(moved, self.config)

    def _row(self, id: str) -> int:
        row = self.collection.row(id)
        if row is None:
            raise RecipeError(
                f"The recipe begins from engraving {id[:80]}, which this collection lacks; "
                "open the collection that it was made with."
            )
        return row

    def _numbers(self, text: str) -> np.ndarray:
        """Return the latent that a recipe carries."""
        width = self.config.latent_width
        try:
            latent = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
        except (binascii.Error, ValueError) as error:
            raise RecipeError("The latent of this recipe is damaged; download it again.") from error
        if latent.shape != (width,) or not np.isfinite(latent).all() or not latent.any():
            raise RecipeError(
                f"The latent of this recipe is not {width} finite numbers; download it again."
            )
        return latent.astype(np.float32)
