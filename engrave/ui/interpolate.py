"""What the Interpolate tab does: walks through keyframes, makes posters, opens recipes."""

import time
from dataclasses import replace
from typing import Any

import gradio as gr

from engrave import limits
from engrave.answers import Walk
from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.limits import SEED
from engrave.ui.desk import LIGHT, LONG, MODEL, PRIVATE, Desk, press
from engrave.ui.ends import from_collection, from_source, from_text, from_upload, show_found
from engrave.ui.examples import Examples
from engrave.ui.files import file_url, new_path
from engrave.ui.keyframes import (
    Route,
    Shown,
    arranged,
    arrived,
    route_of,
    route_view,
    shown_route,
)
from engrave.ui.recipes import opened, recipe_of
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish
from engrave.ui.views import View, Views
from engrave.ui.walk_layout import PAPERS, InterpolateTab
from engrave.ui.walk_view import player_view
from engrave.ui.widgets import position_of
from engrave.walks import Recipe
from engrave.walks.packing import finished, write_walk
from engrave.walks.poster import Paper

TASK = "walk"
Kept = tuple[Walk, Recipe]  # what a poster and a ZIP are made of


def walk(
    engine: Engine,
    views: Views,
    route: Route,
    frames: int,
    pace: str,
    loop: str,
    easing: str,
    curve: str,
    fps: int,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> tuple[View, Kept]:
    """Walk through all keyframes; return what the player shows and what is kept of it."""
    settings = {
        "frames": frames, "pace": pace, "loop": loop, "easing": easing, "curve": curve, "fps": fps,
    }  # fmt: skip
    return walked(engine, views, route, settings, request, progress)


def walked(
    engine: Engine,
    views: Views,
    route: Route,
    settings: dict[str, Any],
    request: gr.Request,
    progress: gr.Progress,
) -> tuple[View, Kept]:
    """Walk through a route; a caption stands at every frame."""
    named = recipe_of(route, settings)
    # the latents are here already: nothing is imagined a second time
    known = tuple(
        replace(one, latent=stop.end.latent)
        for one, stop in zip(named.keyframes, route.stops, strict=True)
    )
    report = reporter(TASK, progress, request)
    started = time.monotonic()
    found = engine.walk_through(replace(named, keyframes=known), progress=report)
    report(0.97, "Writing the films")
    recipe = finished(named, found, engine.model_version)
    view = player_view(engine, views, found, recipe)
    seconds = time.monotonic() - started
    return view | {"note": f"{len(found.frames)} frames in {seconds:.1f} s"}, (found, recipe)


def taken(kept: Kept | None, kind: str, paper: str, pictures: int, title: str) -> View:
    """Write the poster or the frames of the walk that is shown."""
    if kept is None:
        raise PromptError("There is no walk to take away yet; press “Walk” first.")
    size, landscape = PAPERS[limits.one_of("paper", paper, tuple(PAPERS))]
    sheet = Paper(
        size=size, landscape=landscape, pictures=pictures, title=limits.clean_text(title or "")
    )
    name = "engrave-walk-poster.pdf" if kind == "pdf" else "engrave-walk-frames.zip"
    path = new_path(name)
    write_walk(*kept, path, sheet)
    return {"src": file_url(path), "name": name}


def poster(kept: Kept | None, paper: str, pictures: int, title: str) -> View:
    """Write the poster of the walk that is shown."""
    return taken(kept, "pdf", paper, pictures, title)


def archive(kept: Kept | None) -> View:
    """Write all frames of the walk that is shown, with a table, captions and recipe."""
    return taken(kept, "zip", next(iter(PAPERS)), limits.POSTER.low, "")


def wire(tab: InterpolateTab, desk: Desk) -> None:
    """Say what happens when."""
    wire_chooser(tab, desk)
    loop, settings = tab.settings.loop, tab.settings.all()
    known = [tab.route, loop]
    tab.row.arrange(bind(arranged), known, tab.shown, **LIGHT)
    tab.arrival.change(bind(arrived), [*known, tab.arrival], tab.shown, **LIGHT)
    loop.change(bind(route_view), known, tab.row, **LIGHT)
    run = tab.run.click(
        bind(walk, desk.engine, desk.views),
        [tab.route, *settings],
        [tab.player, tab.away.kept],
        show_progress_on=tab.progress,
        **LONG,
    )
    chosen = tab.pairs.pick(bind(chosen_pair, desk.shipped, desk.shown), loop, tab.shown, **MODEL)
    chosen.success(None, js=press("walk"), **PRIVATE)
    desk.opens(tab.player)
    tab.stop.click(bind(wish, TASK), cancels=[run], **LIGHT)
    wire_away(tab, desk)


def wire_chooser(tab: InterpolateTab, desk: Desk) -> None:
    """Say how a keyframe is chosen."""
    chooser, known = tab.chooser, [tab.route, tab.settings.loop]
    look = bind(show_found, desk.engine, desk.views)
    imagine = bind(imagined, desk.engine)
    for trigger in (chooser.query.submit, chooser.search.click):
        trigger(look, chooser.query, [chooser.found, chooser.rows], **MODEL)
    for trigger in (chooser.text.submit, chooser.imagine.click):
        trigger(imagine, [*known, chooser.text, chooser.seed], tab.shown, **MODEL)
    chooser.found.pick(bind(picked, desk.engine), [*known, chooser.rows], tab.shown, **MODEL)
    taken_in = [*tab.shown, chooser.file]
    chooser.file.upload(bind(uploaded, desk.engine), [*known, chooser.file], taken_in, **MODEL)


def wire_away(tab: InterpolateTab, desk: Desk) -> None:
    """Say how files are made, and how a recipe is opened."""
    away = tab.away
    asked = [away.kept, away.paper, away.pictures, away.title]
    told: dict[str, Any] = LONG | {"show_progress": "minimal", "show_progress_on": tab.player}
    away.poster.click(bind(poster), asked, away.taken, **told)
    away.archive.click(bind(archive), away.kept, away.taken, **told)
    away.recipe.upload(
        bind(opened, desk.engine),
        away.recipe,
        [*tab.shown, *tab.settings.all(), away.recipe],
        **MODEL,
    )


def imagined(engine: Engine, route: Route, loop: str, text: str, seed: int) -> Shown:
    """Make a keyframe from a text."""
    return shown_route(route.with_end(from_text(engine, text, SEED.whole(seed))), loop)


def picked(engine: Engine, route: Route, loop: str, rows: list[int], event: gr.EventData) -> Shown:
    """Make a keyframe from the engraving that was picked from a search."""
    end = from_collection(engine, rows[position_of(event, "position", len(rows))])
    return shown_route(route.with_end(end), loop)


def uploaded(
    engine: Engine, route: Route, loop: str, path: str | None
) -> tuple[Route, View, str, None]:
    """Make a keyframe from an upload, and empty the frame for the next."""
    return *shown_route(route.with_end(from_upload(engine, path)), loop), None


def chosen_pair(engine: Engine, shown: Examples, loop: str, event: gr.EventData) -> Shown:
    """Set the route to a pair that was clicked."""
    _, pair = shown.pairs[position_of(event, "position", len(shown.pairs))]
    return shown_route(route_of([from_source(engine, source) for source in pair]), loop)
