"""Makes the walk that the command `morph` asks for, and writes its files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engrave.answers import Walk
from engrave.errors import PromptError
from engrave.progress import Progress
from engrave.walks import Keyframe, Recipe
from engrave.walks.packing import finished, write_walk
from engrave.walks.poster import Paper
from engrave.walks.recipe import read_recipe

if TYPE_CHECKING:
    from engrave.engine import Engine

SETTINGS = ("frames", "pace", "easing", "loop", "curve", "steps", "fps")
Load = Callable[[], "Engine"]


def morph(
    arguments: argparse.Namespace, load: Load, progress: Progress, remark: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Walk and write; return the answer as data and as lines."""
    given = vars(arguments)
    own = sorted(name for name in (*SETTINGS, "mode", "hold", "seed") if name in given)
    if arguments.recipe and (arguments.keyframes or own):
        named = "keyframes" if arguments.keyframes else f"--{own[0]}"
        raise PromptError(
            f"A recipe and {named} came together; write what shall change into the recipe."
        )
    if arguments.recipe:
        recipe, engine = read_recipe(arguments.recipe), load()
    else:
        if len(arguments.keyframes) < 2:
            raise PromptError(
                "A walk needs 2 or more keyframes, or --recipe; give picture files, 'text:...' or "
                "ids of engravings."
            )
        engine = load()
        recipe = recipe_of(given, engine)
    walk = engine.walk_through(recipe, caption_every=arguments.captions, progress=progress)
    done = finished(recipe, walk, engine.model_version)
    if recipe.pixels and recipe.pixels != done.pixels:
        remark(
            "engrave: The frames differ from those that the recipe was written with; another "
            "processor or library rounds in its own way."
        )
    return _written(walk, done, recipe, arguments)


def recipe_of(given: dict[str, Any], engine: Engine) -> Recipe:
    """Return the recipe that options of the command line come to."""
    hold, seed = given.get("hold", 0.0), given.get("seed", 0)
    settings: dict[str, Any] = {"fps": 8, "loop": "once"} | {
        n: given[n] for n in SETTINGS if n in given
    }
    keyframes = tuple(_keyframe(text, engine, hold, seed) for text in given["keyframes"])
    return Recipe(keyframes=keyframes, modes=given.get("mode", ("prior",)), **settings)


def _keyframe(text: str, engine: Engine, hold: float, seed: int) -> Keyframe:
    """Read a picture file now: a recipe holds its latent, and no path of this machine."""
    path = Path(text)
    if text.startswith("text:") or not path.is_file():
        return Keyframe(source=text, hold_s=hold, seed=seed)
    return Keyframe(latent=engine.encode(path), words=path.name, hold_s=hold)


def _written(
    walk: Walk, done: Recipe, asked: Recipe, arguments: argparse.Namespace
) -> tuple[dict[str, Any], list[str]]:
    paper = Paper(
        size=arguments.paper,
        landscape=not arguments.portrait,
        pictures=arguments.pictures,
        title=arguments.title,
    )
    paths = arguments.out or [Path("walk.mp4")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_walk(walk, done, path, paper)
    names = [str(path) for path in paths]
    page = {
        "file": names[0],
        "files": names,
        "frames": len(walk.frames),
        "captions": walk.captions,
        "keyframes": list(walk.stops),
        "jumps": list(walk.pace.jumps),
        "steps": list(walk.pace.after),
        "nearest": [one.id for one in walk.nearest],
        "same_pixels": asked.pixels == done.pixels if asked.pixels else None,
    }
    lines = [*names, *(f"frame {index + 1}: {text}" for index, text in walk.captions.items())]
    return page, lines
