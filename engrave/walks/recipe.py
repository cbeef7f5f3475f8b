"""What a walk is made from: keyframes and settings, checked, and as JSON. Knows no model."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engrave import limits
from engrave.errors import PromptError

FORMAT = 1
KIND = "engrave walk"
UPLOAD = "upload:"
FLAGS = ("frames", "fps", "pace", "easing", "loop", "curve", "steps")
MOST_BYTES = 1_000_000  # eight latents take 50,000
FRAGMENT = 60  # characters of a broken value that a sentence shows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keyframe:
    """One engraving that a walk calls at: `text:...`, an id of the collection, or a latent."""

    source: str = ""
    seed: int = 0  # of a text
    latent: np.ndarray | None = None  # (L,), float32; counts more than the source
    words: str = ""  # what it shows, for whoever reads the recipe
    hold_s: float = 0.0  # how long the film stands still here

    def __post_init__(self) -> None:
        limits.SEED.whole(self.seed)
        limits.HOLD_S.number(self.hold_s)
        if self.latent is None and not self.source:
            raise PromptError(
                "A keyframe is empty; give it 'text:a ship', an id of the collection, or a latent."
            )
        if self.latent is not None and not 0.9 < float(np.linalg.norm(self.latent)) < 1.1:
            raise PromptError(
                f"The latent of a keyframe has norm {np.linalg.norm(self.latent):.3g} and needs 1; "
                "use the recipe as it was saved."
            )

    @property
    def whence(self) -> str | np.ndarray:
        """The latent where there is one, else the source."""
        return self.source if self.latent is None else self.latent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recipe:
    """All that makes a walk, so that the same model makes the same pixels of it again."""

    keyframes: tuple[Keyframe, ...]
    modes: tuple[str, ...] = ("prior",)  # one for each segment, or one for all
    frames: int = 16  # that differ; holds and the way back show them again
    fps: int = 12
    pace: str = "even"
    easing: str = "linear"
    loop: str = "back"
    curve: str = "slerp"
    steps: int = 20
    model_version: str = ""
    pixels: str = ""  # what the frames came to when this was written

    def __post_init__(self) -> None:
        limits.KEYFRAMES.whole(len(self.keyframes))
        for name, allowed in limits.WALK_WORDS.items():
            limits.one_of(name, getattr(self, name), allowed)
        for name, bounds in limits.WALK_NUMBERS.items():
            bounds.whole(getattr(self, name))
        for mode in self.modes:
            limits.one_of("mode", mode, limits.MODES)
        if len(self.modes) not in (1, self.num_segments):
            raise PromptError(
                f"{len(self.modes)} modes came for {self.num_segments} segments; "
                "give one for all or one for each."
            )
        if self.frames <= self.num_segments:
            raise PromptError(
                f"{self.frames} frames are too few for {len(self.keyframes)} keyframes; "
                f"choose {self.num_segments + 1} or more."
            )

    def check_model(self, version: str) -> None:
        """Refuse another model than the recipe was written with: its walk would be another one."""
        if self.model_version not in ("", version):
            raise PromptError(
                f"This recipe is of model {self.model_version} and the model here is {version}; "
                "use that model, or make the walk anew."
            )

    @property
    def num_segments(self) -> int:
        """Ways from one keyframe to the next; a closed walk has one more, back to the first."""
        return len(self.keyframes) - (self.loop != "closed")

    @property
    def segments(self) -> tuple[tuple[int, int, str], ...]:
        """First keyframe, last keyframe and mode of each segment."""
        count = len(self.keyframes)
        stops = [*range(count), 0] if self.loop == "closed" else list(range(count))
        modes = self.modes if len(self.modes) > 1 else self.modes * self.num_segments
        return tuple((a, b, mode) for (a, b), mode in zip(pairwise(stops), modes, strict=True))


def with_uploads(recipe: Recipe, latent_of: Callable[[int], np.ndarray]) -> Recipe:
    """Return a recipe whose keyframes `upload:0`, `upload:1` ... have latents instead."""

    def known(one: Keyframe) -> Keyframe:
        number = one.source.removeprefix(UPLOAD)
        if one.latent is not None or number == one.source or not number.isdecimal():
            return one
        latent = latent_of(int(number[:9]))
        return replace(one, source="", latent=latent, words=one.words or one.source)

    return replace(recipe, keyframes=tuple(known(one) for one in recipe.keyframes))


def to_json(recipe: Recipe) -> str:
    """Return a recipe as JSON that people can read and edit."""
    page: dict[str, Any] = {"kind": KIND, "format": FORMAT, "model_version": recipe.model_version}
    page["keyframes"] = [_keyframe_page(one) for one in recipe.keyframes]
    page["modes"] = list(recipe.modes)
    page |= {name: getattr(recipe, name) for name in FLAGS}
    page["pixels"] = recipe.pixels
    return json.dumps(page, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str | bytes) -> Recipe:
    """Return the recipe that a JSON text holds; raises PromptError where it holds none."""
    try:
        page = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptError(
            f"This recipe is no JSON ({error}); use the file that was saved with a walk."
        ) from error
    return from_page(page)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a file, never more of it than a recipe can be."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise PromptError(f"{path.name} is too large for a recipe; use one saved with a walk.")
    return from_json(data)


def from_page(page: object) -> Recipe:
    """Return the recipe that decoded JSON holds; raises PromptError where it holds none."""
    if not isinstance(page, dict) or page.get("kind") != KIND or page.get("format") != FORMAT:
        raise PromptError(
            f'This is no recipe of a walk: it needs "kind": "{KIND}" and "format": {FORMAT}; '
            "use the file that was saved with one."
        )
    known = {"kind", "format", "model_version", "keyframes", "modes", "pixels", *FLAGS}
    _refuse_others(page, known, "The recipe")
    rows, modes = page.get("keyframes"), page.get("modes", ["prior"])
    if not isinstance(rows, list) or not isinstance(modes, list):
        raise PromptError("The recipe's keyframes and modes must be lists; see README.md.")
    return Recipe(
        keyframes=tuple(_keyframe(row, number) for number, row in enumerate(rows, 1)),
        modes=tuple(str(mode) for mode in modes),
        model_version=str(page.get("model_version", "")),
        pixels=str(page.get("pixels", "")),
        **{name: page[name] for name in FLAGS if name in page},
    )


def _keyframe_page(one: Keyframe) -> dict[str, Any]:
    page: dict[str, Any] = {"source": one.source, "seed": one.seed, "hold_s": one.hold_s}
    page["words"] = one.words
    if one.latent is not None:
        page["latent"] = base64.b64encode(one.latent.astype("<f4").tobytes()).decode("ascii")
    return page


def _keyframe(row: object, number: int) -> Keyframe:
    if not isinstance(row, dict):
        raise PromptError(f"Keyframe {number} of the recipe is no object; see README.md.")
    _refuse_others(
        row, {"source", "seed", "hold_s", "words", "latent"}, f"Keyframe {number} of the recipe"
    )
    latent = None
    if "latent" in row:
        try:
            packed = base64.b64decode(row["latent"], validate=True)
            latent = np.frombuffer(packed, "<f4").astype(np.float32)
        except (ValueError, TypeError) as error:
            raise PromptError(
                f"The latent of keyframe {number} is damaged; use the file as it was saved."
            ) from error
    return Keyframe(
        source=str(row.get("source", "")),
        seed=row.get("seed", 0),
        latent=latent,
        words=str(row.get("words", "")),
        hold_s=row.get("hold_s", 0.0),
    )


def _refuse_others(page: dict[str, Any], known: set[str], what: str) -> None:
    """A misspelt setting must not be passed over in silence."""
    for name in page:
        if name not in known:
            shown = str(name)[:FRAGMENT]
            raise PromptError(
                f"{what} has '{shown}', which nobody knows; it may have {', '.join(sorted(known))}."
            )
