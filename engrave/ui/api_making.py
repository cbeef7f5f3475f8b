"""The endpoints that make pictures: from a text, from recipes, round one, and as sheets."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from engrave.answers import Plate
from engrave.engine import Engine
from engrave.errors import RecipeError
from engrave.making.edits import VARIATIONS, mixed, padded, variations
from engrave.making.sheet import drawn, settled, sheet_of, texts_in
from engrave.progress import part
from engrave.recipe import MIXED, STEP, Recipe
from engrave.recipe_file import from_json
from engrave.ui.desk import LONG_LINE
from engrave.ui.generate_sheet import written
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, teller
from engrave.ui.views import Views

Facts = dict[str, Any]
Made = tuple[list[tuple[str, str]], list[Facts]]


def generate(
    engine: Engine,
    views: Views,
    text: str = "",
    num: int = 4,
    seed: int = 0,
    guidance: float = 2.0,
    steps: int = 20,
    less: str = "",
    less_weight: float = 1.0,
    corner_mark: bool = False,
    progress: gr.Progress = PROGRESS,
) -> Made:
    """Make engravings from a text; the same text, seed, guidance and steps give the same pixels.

    Args:
        text: what the engravings shall show, at most 300 characters; empty for pure chance.
        num: how many, 1 to 8; engraving k has the seed `seed + k`.
        seed: whole number from 0 to 4294967295.
        guidance: how closely the text is followed, 0 to 10.
        steps: how many steps the drawing takes, 1 to 60.
        less: what there shall be less of, at most 300 characters.
        less_weight: how much less, 0 to 4.
        corner_mark: whether the picture says in its corner that a model made it.

    Returns:
        PNG files with their settings inside, and for each its seed, caption, neighbours and recipe.
    """
    plates = engine.generate(
        text, num=num, seed=seed, guidance=guidance, steps=steps, less=less,
        less_weight=less_weight, corner_mark=corner_mark is True, progress=teller(progress),
    )  # fmt: skip
    return _told(views, plates)


def remake(engine: Engine, views: Views, recipe: Facts, progress: gr.Progress = PROGRESS) -> Made:
    """Make an engraving again from its recipe; the same model makes the same pixels.

    Args:
        recipe: JSON as it was downloaded or as the facts of a picture hold it, for example
            `{"format": 1, "text": "a ship", "seed": 7}`; with `"engraving": "16102-0000"` instead
            of a text, an engraving of the collection as the model remembers it.

    Returns:
        a PNG file with its settings inside, and its seed, caption, neighbours and recipe.
    """
    return _told(views, _each(engine, [recipe_in(recipe)], progress))


def vary(
    engine: Engine,
    views: Views,
    recipe: Facts,
    strength: float = 0.4,
    num: int = VARIATIONS,
    progress: gr.Progress = PROGRESS,
) -> Made:
    """Make variations of the engraving of a recipe.

    Args:
        recipe: JSON, as for `remake`.
        strength: 0 leaves the very same picture, 1 leaves nothing of it.
        num: how many, 1 to 8.

    Returns:
        PNG files with their settings inside, and for each its seed, caption, neighbours and recipe.
    """
    recipes = variations(recipe_in(recipe), strength, num)
    return _told(views, _each(engine, recipes, progress))


def mix(
    engine: Engine,
    views: Views,
    layout_of: Facts,
    meaning_of: Facts,
    strength: float = MIXED,
    seed: int = 0,
    progress: gr.Progress = PROGRESS,
) -> Made:
    """Keep the layout of one engraving and take the meaning of another.

    Args:
        layout_of: recipe (JSON, as for `remake`) of the picture whose layout is kept.
        meaning_of: recipe of the picture whose meaning is taken.
        strength: how much of the layout is drawn anew, 0 to 1.
        seed: of what is drawn anew.

    Returns:
        a PNG file with its settings inside, and its seed, caption, neighbours and recipe.
    """
    recipe = mixed(recipe_in(layout_of), recipe_in(meaning_of), strength, seed)
    return _told(views, _each(engine, [recipe], progress))


def pad(
    engine: Engine,
    views: Views,
    recipe: Facts,
    across: str = "",
    up: str = "",
    step: float = STEP,
    progress: gr.Progress = PROGRESS,
) -> tuple[list[tuple[str, str]], list[Facts], list[Facts]]:
    """Make the nine engravings of a pad: a picture in the middle and what lies round it.

    Args:
        recipe: JSON, as for `remake`.
        across: name of the direction from left to right; empty for the first of the collection.
        up: name of the direction from the bottom to the top; empty for the second.
        step: width of a step in standard deviations of the collection, -12 to 12.

    Returns:
        nine PNG files, row by row; for each its seed, caption and recipe; and all directions of the
        collection with the words at their low and high ends.
    """
    ways = engine.maker.directions
    if len(ways) < 2:
        raise RecipeError("This collection is too small to have directions; use a larger one.")
    named = (
        engine.maker.direction(across or ways[0].name),
        engine.maker.direction(up or ways[1].name),
    )
    recipes = padded(recipe_in(recipe), named[0].name, named[1].name, step)
    files, facts = _told(views, _each(engine, recipes, progress))
    return files, facts, [{"name": one.name, "low": one.low, "high": one.high} for one in ways]


def sheet(
    engine: Engine,
    texts: str,
    seeds: int = 4,
    seed: int = 0,
    guidance: float = 2.0,
    steps: int = 20,
    less: str = "",
    less_weight: float = 1.0,
    corner_mark: bool = False,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, str, Facts]:
    """Make a sheet: a row for each text, a column for each seed, the pixels of single pictures.

    Args:
        texts: one a line, at most 12.
        seeds: how many columns, 1 to 8.
        seed: of the first column; the next have the next seeds.
        guidance: how closely the texts are followed, 0 to 10.
        steps: how many steps each drawing takes, 1 to 60.
        less: what there shall be less of.
        less_weight: how much less, 0 to 4.
        corner_mark: whether each picture says in its corner that a model made it.

    Returns:
        the sheet as PNG, the sheet as PDF for print, and its rows, columns and recipes.
    """
    like = Recipe(
        seed=seed, guidance=guidance, steps=steps, less=less, less_weight=less_weight,
        corner_mark=corner_mark is True,
    )  # fmt: skip
    wanted = sheet_of(texts_in(texts), seeds, like)
    plates = list(drawn(wanted, engine.follow, teller(progress)))
    made = settled(wanted, plates)
    png, pdf = written(made, plates, engine.model_version)
    facts = {"rows": made.rows, "columns": made.columns}
    return str(png), str(pdf), facts | {"recipes": [one.page() for one in made.recipes]}


def recipe_in(page: object) -> Recipe:
    """Return the recipe that a program sent, as an object or as a text; raises RecipeError."""
    return from_json(page if isinstance(page, str) else json.dumps(page))


def _each(engine: Engine, recipes: Sequence[Recipe], progress: gr.Progress) -> Iterator[Plate]:
    """Make the pictures of recipes one after another, as long as somebody waits for them."""
    told = teller(progress)
    for number, recipe in enumerate(recipes):
        share = part(told, number / len(recipes), (number + 1) / len(recipes))
        yield engine.follow(recipe, progress=share)


def _told(views: Views, plates: Iterable[Plate]) -> Made:
    """Return the files of pictures and what is known of each."""
    files: list[tuple[str, str]] = []
    facts: list[Facts] = []
    for plate in plates:
        files.append((str(views.keep(plate).path), plate.caption))
        near = [asdict(neighbour) for neighbour in plate.neighbours]
        facts.append(plate.facts() | {"neighbours": near})
    return files, facts


def add_making(engine: Engine, views: Views, publish: Callable[..., None]) -> None:
    """Publish the endpoints; call it inside of the page."""
    made = [gr.Gallery(label="engravings", format="png"), gr.JSON(label="facts")]
    settings = [
        gr.Number(0, label="seed"),
        gr.Number(2.0, label="guidance"),
        gr.Number(20, label="steps"),
        gr.Textbox("", label="less"),
        gr.Number(1.0, label="less_weight"),
        gr.Checkbox(False, label="corner_mark"),
    ]
    few = [gr.Textbox("", label="text"), gr.Number(4, label="num"), *settings]
    publish("generate", bind(generate, engine, views), few, made, LONG_LINE)
    recipe = gr.JSON(label="recipe")
    publish("remake", bind(remake, engine, views), [recipe], made, LONG_LINE)
    varied = [recipe, gr.Number(0.4, label="strength"), gr.Number(VARIATIONS, label="num")]
    publish("vary", bind(vary, engine, views), varied, made, LONG_LINE)
    both = [gr.JSON(label="layout_of"), gr.JSON(label="meaning_of")]
    anew = [gr.Number(MIXED, label="strength"), gr.Number(0, label="seed")]
    publish("mix", bind(mix, engine, views), [*both, *anew], made, LONG_LINE)
    ways = [
        gr.Textbox("", label="across"),
        gr.Textbox("", label="up"),
        gr.Number(STEP, label="step"),
    ]
    publish(
        "pad",
        bind(pad, engine, views),
        [recipe, *ways],
        [*made, gr.JSON(label="directions")],
        LONG_LINE,
    )
    rows = [gr.Textbox(label="texts", lines=3), gr.Number(4, label="seeds"), *settings]
    files = [gr.File(label="PNG"), gr.File(label="PDF"), gr.JSON(label="sheet")]
    publish("sheet", bind(sheet, engine), rows, files, LONG_LINE)
