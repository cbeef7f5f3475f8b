"""The bench of the Generate tab: history and favourites, two compared, and the pad round one."""

from collections.abc import Sequence
from dataclasses import replace

import gradio as gr

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.making.edits import WAYS, padded, shifts_of
from engrave.recipe import Recipe
from engrave.ui.files import made_url
from engrave.ui.views import Made, View
from engrave.ui.widgets import position_of

KEPT = 60  # engravings that a session remembers, favourites beyond
PAD_PX = 192
COMPARED = (
    "text", "less", "less_weight", "seed", "guidance", "steps", "exemplar", "engraving",
    "corner_mark",
)  # fmt: skip


def remembered(made: list[Made], history: list[Made]) -> tuple[list[Made], View]:
    """Put what was made at the front of the session's history."""
    known = {one.path for one in history}
    fresh = [one for one in made if one.path not in known]
    every = [*fresh, *history]
    kept = [one for place, one in enumerate(every) if place < KEPT or one.favourite]
    return kept, shelf_view(kept)


def shelf_view(history: Sequence[Made]) -> View:
    """Return what the page shows of the history."""
    items = [
        {
            "src": one.card["src"],
            "words": one.caption or one.text,
            "seed": one.seed,
            "favourite": one.favourite,
        }
        for one in history
    ]
    return {"items": items}


def starred(history: list[Made], event: gr.EventData) -> tuple[list[Made], View]:
    """Make one a favourite, or no longer."""
    place = position_of(event, "position", len(history))
    history = list(history)
    history[place] = replace(history[place], favourite=not history[place].favourite)
    return history, shelf_view(history)


def starred_plate(
    made: list[Made], history: list[Made], event: gr.EventData
) -> tuple[list[Made], View]:
    """Make a favourite of an engraving that lies on the desk."""
    plate = made[position_of(event, "position", len(made))]
    history, _ = remembered([plate], history)
    history = [replace(one, favourite=True) if one.path == plate.path else one for one in history]
    return history, shelf_view(history)


def brought_back(history: list[Made], event: gr.EventData) -> tuple[View, list[Made]]:
    """Show one of the history with all that was told of it."""
    one = history[position_of(event, "position", len(history))]
    return {"plates": [one.card], "note": "From this session's history"}, [one]


def paired(
    made: list[Made], pair: list[Made], event: gr.EventData
) -> tuple[list[Made], View, gr.Accordion]:
    """Choose one more of the two to compare; a third takes the place of the older."""
    plate = made[position_of(event, "position", len(made))]
    pair = [*[one for one in pair if one.path != plate.path], plate][-2:]
    return pair, pair_view(pair), gr.Accordion(open=True)


def pair_view(pair: Sequence[Made]) -> View:
    """Return two engravings and the settings in which they differ."""
    items = [{"src": one.card["src"], "words": one.caption} for one in pair]
    if len(pair) < 2:
        return {"items": items}
    pages = [shown(one.recipe) for one in pair]
    rows = [(name, *(page.get(name, "") for page in pages)) for name in (*COMPARED, "edits")]
    return {"items": items, "differences": [row for row in rows if row[1] != row[2]]}


def shown(recipe: Recipe) -> dict[str, str]:
    """Return a recipe's settings as words."""
    page = {name: str(value) for name, value in recipe.page().items() if name in COMPARED}
    return page | {"edits": ", ".join(type(edit).__name__.lower() for edit in recipe.edits)}


def varied(
    engine: Engine, made: list[Made], across: str, up: str, step: float, event: gr.EventData
) -> tuple[Made, View, gr.Accordion]:
    """Choose an engraving to vary, and lay a pad round it."""
    plate = made[position_of(event, "position", len(made))]
    return plate, pad_view(engine, plate, across, up, step), gr.Accordion(open=True)


def pad(engine: Engine, subject: Made | None, across: str, up: str, step: float) -> View:
    """Lay a pad round the engraving that was chosen."""
    if subject is None:
        raise PromptError("Choose an engraving first: press “Vary” under one.")
    return pad_view(engine, subject, across, up, step)


def pad_view(engine: Engine, subject: Made, across: str, up: str, step: float) -> View:
    """Draw what lies round an engraving along two directions of the collection."""
    if not engine.maker.directions:
        return {}
    shifts = shifts_of(across, up, step)
    latents = engine.maker.shifted(subject.latent, shifts)
    ways = [engine.maker.direction(name) for name in (across, up)]
    facts = {"model_version": engine.model_version}
    return {
        "cells": [made_url(one, facts, PAD_PX) for one in engine.decode(latents)],
        "across": [ways[0].low, ways[0].high],
        "up": [ways[1].low, ways[1].high],
        "words": subject.caption,
    }


def chosen_cell(
    subject: Made | None, across: str, up: str, step: float, event: gr.EventData
) -> Recipe:
    """Return the recipe of the cell that was clicked."""
    if subject is None:
        raise PromptError("Choose an engraving first: press “Vary” under one.")
    return padded(subject.recipe, across, up, step)[position_of(event, "position", len(WAYS))]


def moved_to(
    engine: Engine, made: list[Made], across: str, up: str, step: float
) -> tuple[Made, View]:
    """Lay the pad round what was just made of a cell."""
    if not made:
        raise PromptError("Nothing was made of this cell; choose it again.")
    return made[0], pad_view(engine, made[0], across, up, step)
