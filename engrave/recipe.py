"""What makes one picture, and makes it again: words, numbers and edits. Knows no file and no model.

The order of the fields is that of a recipe's file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

FORMAT = 1
MIXED = 0.35  # how much of a layout is drawn anew where it takes another meaning
STEP = 2.0  # of a pad, in standard deviations of the collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Vary:
    """Blur the picture by noise and draw it anew from there; a strength of 0 leaves it as it is."""

    strength: float  # from 0 to 1
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Move the picture along two of the collection's own directions."""

    across: str  # name of a direction
    up: str
    x: float  # in standard deviations of the collection
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Keep the layout, take the meaning of another picture, and draw the layout anew in part."""

    meaning_of: Recipe
    strength: float  # share of the way from layout to noise, from 0 to 1
    seed: int


Edit = Vary | Shift | Mix
KINDS: dict[str, type[Edit]] = {"vary": Vary, "shift": Shift, "mix": Mix}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that one picture is made of; the same model makes the same pixels of it."""

    text: str = ""  # the prompt, empty for pure chance
    less: str = ""  # what there shall be less of
    less_weight: float = 1.0
    seed: int = 0
    guidance: float = 2.0
    steps: int = 20
    exemplar: str = ""  # engraving whose layout it begins from, empty where text and seed choose it
    engraving: str = ""  # engraving of the collection that it is, instead of a text's picture
    latent: str = ""  # float32 numbers in base64 that it is, as of a picture that was uploaded
    edits: tuple[Edit, ...] = ()
    corner_mark: bool = False  # whether the picture says in its corner that it was made
    model_version: str = ""

    def then(self, edit: Edit) -> Recipe:
        """Return the recipe with one more edit."""
        return replace(self, edits=(*self.edits, edit))

    def page(self) -> dict[str, Any]:
        """Return the recipe as plain data; what is empty is left out."""
        page = {field.name: getattr(self, field.name) for field in fields(self)}
        kept = {
            name: value
            for name, value in page.items()
            if value is not False and value not in ("", ())
        }
        if not self.less:
            kept.pop("less_weight")
        if self.edits:
            kept["edits"] = [_edit_page(edit) for edit in self.edits]
        return kept

    def as_json(self) -> str:
        """Return the recipe as one line of JSON."""
        return json.dumps({"format": FORMAT, **self.page()}, ensure_ascii=False)


def _edit_page(edit: Edit) -> dict[str, Any]:
    kind = next(name for name, kind in KINDS.items() if isinstance(edit, kind))
    if isinstance(edit, Mix):
        own = {"strength": edit.strength, "seed": edit.seed}
        return {"kind": kind} | own | {"meaning_of": edit.meaning_of.page()}
    return {"kind": kind} | asdict(edit)
