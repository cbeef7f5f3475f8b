"""Recipes of walks on the page: written from a route, and a file turned back into one."""

from typing import Any

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.ui.ends import End, from_latent, from_source
from engrave.ui.keyframes import Route, Stop, shown_route
from engrave.ui.uploads import checked
from engrave.ui.views import View
from engrave.walks import Keyframe, Recipe
from engrave.walks.recipe import read_recipe

Opened = tuple[Route, View, str, int, str, str, str, str, int, None]


def recipe_of(route: Route, settings: dict[str, Any]) -> Recipe:
    """Return the recipe of a route; raises PromptError where there is too little of it."""
    if len(route.stops) < 2:
        raise PromptError(
            f"A walk needs 2 keyframes or more and {len(route.stops)} is chosen; search the "
            "collection, write a text or drop a picture."
        )
    return Recipe(
        keyframes=tuple(stop.keyframe() for stop in route.stops),
        modes=route.modes(settings.get("loop") == "closed"),
        **settings,
    )


def opened(engine: Engine, path: str | None) -> Opened:
    """Return route and settings of a recipe that was dropped; its frame is emptied for the next."""
    recipe = read_recipe(checked(path))
    recipe.check_model(engine.model_version)
    modes = [mode for _, _, mode in recipe.segments]
    modes += ["prior"] * (len(recipe.keyframes) - len(modes))
    route = Route(
        tuple(
            Stop(_end(engine, one), one.hold_s, mode)
            for one, mode in zip(recipe.keyframes, modes, strict=True)
        )
    )
    shown = shown_route(route, recipe.loop)
    how = recipe.pace, recipe.loop, recipe.easing, recipe.curve
    return *shown, recipe.frames, *how, recipe.fps, None


def _end(engine: Engine, keyframe: Keyframe) -> End:
    if keyframe.latent is None:
        return from_source(engine, keyframe.source, keyframe.seed)
    return from_latent(engine, keyframe.latent, keyframe.words)
