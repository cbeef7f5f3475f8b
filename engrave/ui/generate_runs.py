"""What the Generate tab runs: engravings from settings, from recipes, and again from a file."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.limits import PLATES, SEED
from engrave.making.edits import mixed, variations
from engrave.progress import part
from engrave.recipe import Recipe
from engrave.recipe_file import PNG, from_file
from engrave.ui.stops import PROGRESS, reporter
from engrave.ui.uploads import checked
from engrave.ui.views import Made, View, Views
from engrave.ui.widgets import position_of

TASK = "generate"
Shown = tuple[View, list[Made]]  # cards, what the session keeps of them
Settings = tuple[str, int, int, float, int, str, float, bool]


def generate(
    engine: Engine,
    views: Views,
    text: str,
    num: int,
    seed: int,
    guidance: float,
    steps: int,
    less: str,
    less_weight: float,
    corner_mark: bool,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Make engravings and show each as soon as it is there."""
    total, first = PLATES.whole(num), SEED.whole(seed)
    report = reporter(TASK, progress, request)
    made: list[Made] = []
    started = time.monotonic()
    yield {"plates": [], "pending": total, "note": "The first one is being drawn …"}, []
    plates = engine.generate(
        text, num=total, seed=first, guidance=guidance, steps=steps, less=less,
        less_weight=less_weight, corner_mark=corner_mark is True, progress=report,
    )  # fmt: skip
    for plate in plates:
        made.append(views.keep(plate))
        seconds = time.monotonic() - started
        note = told(text, len(made), total, seconds)
        yield cards(made, note, total - len(made)), list(made)


def follow(
    engine: Engine,
    views: Views,
    recipes: Sequence[Recipe],
    what: str,
    request: gr.Request,
    progress: gr.Progress,
) -> Iterator[Shown]:
    """Make the engravings of recipes and show each as soon as it is there."""
    report = reporter(TASK, progress, request)
    made: list[Made] = []
    yield {"plates": [], "pending": len(recipes), "note": f"{what}: being drawn …"}, []
    for number, recipe in enumerate(recipes):
        share = part(report, number / len(recipes), (number + 1) / len(recipes))
        made.append(views.keep(engine.follow(recipe, progress=share)))
        note = f"{what}: {len(made)} of {len(recipes)}"
        yield cards(made, note, len(recipes) - len(made)), list(made)


def follow_pending(
    engine: Engine,
    views: Views,
    pending: Recipe | None,
    held: str,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Make one engraving again; where its PNG was dropped, say whether the pixels are the same."""
    if pending is None:
        raise PromptError("There is nothing to make again yet; drop a recipe or a PNG.")
    for view, made in follow(engine, views, [pending], "One engraving again", request, progress):
        if made:
            view["note"] = "One engraving, made again" + compared(engine, pending, made[0], held)
        yield view, made


def compared(engine: Engine, recipe: Recipe, made: Made, held: str) -> str:
    """Say how an engraving that was made again compares with the file that it came from."""
    if recipe.model_version and recipe.model_version != engine.model_version:
        return f"; the file is of model {recipe.model_version}, so it looks different."
    if not held:
        return "."
    with Image.open(checked(held)) as file, Image.open(made.path) as fresh:
        same = np.array_equal(np.asarray(file.convert("L")), np.asarray(fresh.convert("L")))
    return ": its pixels are those of the file." if same else "; its pixels differ from the file's."


def vary(
    engine: Engine,
    views: Views,
    subject: Made | None,
    strength: float,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Make variations of the engraving that was chosen."""
    if subject is None:
        raise PromptError("Choose an engraving first: press “Vary” under one.")
    recipes = variations(subject.recipe, strength)
    what = f"Variations of seed {subject.seed} by {strength:g}"
    yield from follow(engine, views, recipes, what, request, progress)


def mix(
    engine: Engine,
    views: Views,
    pair: list[Made],
    event: gr.EventData,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Keep one's layout and take the other's meaning; the event says whose layout."""
    if len(pair) < 2:
        raise PromptError("Choose two engravings first: press “Compare” under each.")
    kept = position_of(event, "position", 2)
    recipe = mixed(pair[kept].recipe, pair[1 - kept].recipe)
    letters = "AB"[kept], "AB"[1 - kept]
    what = f"Layout of {letters[0]}, meaning of {letters[1]}"
    yield from follow(engine, views, [recipe], what, request, progress)


def cards(made: Sequence[Made], note: str, pending: int = 0) -> View:
    """Return what the page shows of several plates."""
    return {"plates": [one.card for one in made], "pending": pending, "note": note}


def told(text: str, count: int, total: int, seconds: float) -> str:
    """Return the line above the cards."""
    of_what = f"“{text.strip()}”" if text.strip() else "no text, only a seed"
    if count < total:
        return f"{count} of {total} from {of_what}"
    engravings = "One engraving" if total == 1 else f"{total} engravings"
    return f"{engravings} from {of_what}, {seconds:.1f} s"


def settings_of(made: list[Made], event: gr.EventData) -> tuple[Any, ...]:
    """Return the settings of one plate, and its recipe, to make it again."""
    plate = made[position_of(event, "position", len(made))]
    return *settings(plate.recipe), plate.recipe, ""


def settings_in(path: str | None) -> tuple[Any, ...]:
    """Return the settings in a recipe or a PNG that was dropped, its recipe, and the PNG."""
    file = checked(path)
    recipe = from_file(file)
    with file.open("rb") as stream:
        is_png = stream.read(len(PNG)) == PNG
    return *settings(recipe), recipe, str(file) if is_png else ""


def settings(recipe: Recipe) -> Settings:
    """Return what the page's settings are for a recipe."""
    return (
        recipe.text, 1, recipe.seed, recipe.guidance, recipe.steps,
        recipe.less, recipe.less_weight, recipe.corner_mark,
    )  # fmt: skip


def lasting(path: Path) -> Path:
    """Return the path of a plate's PNG; raises PromptError where it was cleared away."""
    if not path.is_file():
        raise PromptError("This picture was cleared away; make it again from its seed.")
    return path
