"""Reads recipes from JSON and from the PNGs that were made here. Knows no model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from engrave import limits
from engrave.errors import RecipeError
from engrave.image import read_metadata
from engrave.recipe import FORMAT, KINDS, Edit, Mix, Recipe, Shift

KEY = "recipe"  # of the chunk of text in a PNG
SHEET = "recipes"  # likewise, in a PNG of many pictures
MAX_BYTES = 200_000
MAX_EDITS = 24
MAX_DEPTH = 4  # recipes inside of recipes
MAX_DRAWN = 50  # times in all of them together
PNG = b"\x89PNG"
# settings as the `parameters` of a PNG tell them, by our names
PARAMETERS = {"seed": "Seed", "guidance": "CFG scale", "steps": "Steps", "model_version": "Model"}
NEGATIVE = "Negative prompt: "


def from_json(text: str | bytes) -> Recipe:
    """Return the recipe of a JSON text; raises RecipeError with what is wrong with it."""
    if len(text) > MAX_BYTES:
        raise RecipeError(
            f"This recipe has more than {MAX_BYTES // 1000} kB; take the file as it was downloaded."
        )
    try:
        page = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(
            "This file holds no recipe (it is no JSON); take one that was downloaded here."
        ) from error
    if not isinstance(page, dict):
        raise RecipeError("This JSON is no recipe; take one that was downloaded here.")
    found = page.pop("format", None)
    if found != FORMAT:
        raise RecipeError(
            f"This recipe has format {str(found)[:20]}, this version reads {FORMAT}; "
            "take one that was downloaded here."
        )
    return _whole(page)


def from_file(source: Path | bytes) -> Recipe:
    """Return the recipe of a JSON file, or of a PNG that was made here; raises RecipeError."""
    data = source if isinstance(source, bytes) else _head(source)
    if data.startswith(PNG):
        return from_png(source)
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise RecipeError(
            "This file is neither a recipe (JSON) nor a PNG; take one that was downloaded here."
        )
    return from_json(data.removeprefix(b"\xef\xbb\xbf"))


def from_png(source: str | Path | bytes | BinaryIO) -> Recipe:
    """Return the recipe inside of a PNG; raises RecipeError where it tells none."""
    facts = read_metadata(source)
    if KEY in facts:
        return from_json(facts[KEY])
    if SHEET in facts:
        raise RecipeError(
            "This PNG is a sheet of several pictures; take the PNG of one, "
            "or write its text and its seed as the sheet names them."
        )
    told = facts if "seed" in facts else read_parameters(facts.get("parameters", ""))
    if "seed" not in told:
        raise RecipeError(
            "This PNG does not tell how it was made; take one as it was downloaded here, "
            "not a screenshot or a copy that another program saved."
        )
    named = {"prompt": "text", "less": "less"} | {name: name for name in PARAMETERS}
    page: dict[str, Any] = {ours: told[name] for name, ours in named.items() if name in told}
    for name, kind in (("seed", int), ("steps", int), ("guidance", float)):
        if name in page:
            page[name] = _number(page[name], kind, name)
    return _from_page(page, 1)


def read_parameters(text: str) -> dict[str, str]:
    """Return prompt and settings from a `parameters` text, as many programs write it."""
    *words, last = text.strip().split("\n") if text.strip() else [""]
    pairs = re.findall(r"(?:^|, )([\w ]+): ([^,]*)", last)
    settings = dict(reversed(pairs))  # what a caption says at the end is no setting
    told = {ours: settings[name].strip() for ours, name in PARAMETERS.items() if name in settings}
    less = [line.removeprefix(NEGATIVE) for line in words if line.startswith(NEGATIVE)]
    prompt = " ".join(line for line in words if not line.startswith(NEGATIVE))
    return told | {"prompt": prompt, "less": " ".join(less)}


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe with clean texts and whole numbers; raises where one is out of bounds."""
    return _whole(recipe.page())


def drawn(recipe: Recipe) -> int:
    """Return how often the model draws for a recipe, with the recipes inside of it."""
    own = 0 if recipe.latent or recipe.engraving else 1
    inside = (drawn(edit.meaning_of) for edit in recipe.edits if isinstance(edit, Mix))
    return own + sum(not isinstance(edit, Shift) for edit in recipe.edits) + sum(inside)


def _whole(page: Mapping[str, Any]) -> Recipe:
    recipe = _from_page(page, MAX_DEPTH)
    if drawn(recipe) > MAX_DRAWN:
        raise RecipeError(
            f"This recipe draws {drawn(recipe):,} times, with the recipes inside of it; at most "
            f"{MAX_DRAWN} are followed: begin anew from the picture that it made."
        )
    return recipe


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or error
        raise RecipeError(f"{str(path)[:200]!r} cannot be read ({reason}); check it.") from error


def _from_page(page: Mapping[str, Any], depth: int) -> Recipe:
    if depth < 1:
        raise RecipeError(f"Recipes lie in this one more than {MAX_DEPTH} deep; begin a new one.")
    _refuse_unknown(page, {field.name for field in fields(Recipe)}, "recipe")
    return Recipe(**{name: _field(name, value, depth) for name, value in page.items()})


def _field(name: str, value: object, depth: int) -> Any:
    if name == "edits":
        if not isinstance(value, list | tuple) or len(value) > MAX_EDITS:
            raise RecipeError(f"The edits of this recipe are no list of {MAX_EDITS} at most.")
        return tuple(_edit(one, depth) for one in value)
    return CHECKS[name](value)


def _edit(page: object, depth: int) -> Edit:
    if not isinstance(page, dict) or page.get("kind") not in KINDS:
        raise RecipeError(f"An edit of this recipe is none of {', '.join(KINDS)}; mend the file.")
    kind = KINDS[page["kind"]]
    given = {name: value for name, value in page.items() if name != "kind"}
    wanted = {field.name for field in fields(kind)}
    _refuse_unknown(given, wanted, f"edit '{page['kind']}'")
    if missing := sorted(wanted - set(given)):
        raise RecipeError(f"The edit '{page['kind']}' lacks {', '.join(missing)}; mend the file.")
    return kind(**{name: _edit_field(name, value, depth) for name, value in given.items()})


def _edit_field(name: str, value: object, depth: int) -> Any:
    if name == "meaning_of":
        if not isinstance(value, dict):
            raise RecipeError("The edit 'mix' names no second recipe; mend the file.")
        return _from_page(value, depth - 1)
    return CHECKS[name](value)


def _refuse_unknown(page: Mapping[str, Any], known: set[str], what: str) -> None:
    strange = sorted(str(name)[:40] for name in set(page) - known)
    if strange:
        raise RecipeError(
            f"The {what} holds '{strange[0]}', which this version does not know; "
            "take a recipe that was downloaded here."
        )


def _short(most: int, what: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise RecipeError(f"The {what} of this recipe is no text of {most} characters at most.")
        return value

    return check


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise RecipeError("The corner_mark of this recipe must be true or false.")
    return value


def _number(value: object, kind: type, name: str) -> float:
    try:
        return kind(str(value))
    except ValueError as error:
        shown = str(value)[:40]
        raise RecipeError(f"The {name} that this PNG tells is '{shown}', no number.") from error


CHECKS: dict[str, Callable[[object], Any]] = {
    "text": limits.clean_text,
    "less": limits.clean_text,
    "less_weight": limits.LESS.number,
    "seed": limits.SEED.whole,
    "guidance": limits.GUIDANCE.number,
    "steps": limits.STEPS.whole,
    "exemplar": _short(80, "exemplar"),
    "engraving": _short(80, "engraving"),
    "latent": _short(60_000, "latent"),
    "corner_mark": _flag,
    "model_version": _short(200, "model_version"),
    "strength": limits.STRENGTH.number,
    "across": _short(80, "direction"),
    "up": _short(80, "direction"),
    "x": limits.SHIFT.number,
    "y": limits.SHIFT.number,
}
