"""Recipes that follow from recipes: variations, mixtures, pads, further seeds."""

from __future__ import annotations

from dataclasses import replace

from engrave.limits import PLATES, SEED, SHIFT, STRENGTH
from engrave.recipe import MIXED, STEP, Mix, Recipe, Shift, Vary

VARIATIONS = 4
WAYS = [(x, y) for y in (1, 0, -1) for x in (-1, 0, 1)]  # row by row, the middle is the picture


def series(first: Recipe, num: int) -> list[Recipe]:
    """Return the recipe with consecutive seeds; after the last seed comes 0."""
    seeds = (first.seed + k for k in range(num))
    return [replace(first, seed=seed % (SEED.high + 1)) for seed in seeds]


def variations(recipe: Recipe, strength: float, num: int = VARIATIONS) -> list[Recipe]:
    """Return recipes of variations; a strength of 0 leaves the picture as it is."""
    strength, num = STRENGTH.number(strength), PLATES.whole(num)
    return [recipe.then(Vary(strength=strength, seed=seed)) for seed in range(1, num + 1)]


def mixed(layout_of: Recipe, meaning_of: Recipe, strength: float = MIXED, seed: int = 0) -> Recipe:
    """Return the recipe of a picture with one's layout and another's meaning."""
    strength, seed = STRENGTH.number(strength), SEED.whole(seed)
    return layout_of.then(Mix(meaning_of=meaning_of, strength=strength, seed=seed))


def shifts_of(across: str, up: str, step: float) -> list[Shift]:
    """Return what the nine cells of a pad do to the picture in its middle."""
    step = SHIFT.number(step)
    return [Shift(across=across, up=up, x=step * x, y=step * y) for x, y in WAYS]


def shifted(recipe: Recipe, shift: Shift) -> Recipe:
    """Return a recipe with a shift; two along the same ways are one."""
    last = recipe.edits[-1] if recipe.edits else None
    if isinstance(last, Shift) and (last.across, last.up) == (shift.across, shift.up):
        both = replace(last, x=last.x + shift.x, y=last.y + shift.y)
        return replace(recipe, edits=(*recipe.edits[:-1], both))
    return recipe.then(shift)


def padded(recipe: Recipe, across: str, up: str, step: float = STEP) -> list[Recipe]:
    """Return the recipes of the nine cells round a picture, row by row."""
    return [shifted(recipe, shift) for shift in shifts_of(across, up, step)]
