"""The components of the Interpolate tab: what chooses keyframes, how to walk, what to take away."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from engrave import limits
from engrave.ui.examples import Examples
from engrave.ui.keyframes import Route, chooser_view, route_of, route_view
from engrave.ui.uploads import EXTENSIONS
from engrave.ui.views import View
from engrave.ui.widgets import widget

KEPT_S = 3600  # that a walk is kept for its poster and its frames
PACES = [("Even steps", "even"), ("Even times", "time")]
PACE_INFO = "Even steps: each changes as much as the next."
LOOPS = [("There and back", "back"), ("Closed loop", "closed"), ("Once", "once")]
EASINGS = [
    ("None", "linear"),
    ("Slow at keyframes", "in-out"),
    ("Slow start", "in"),
    ("Slow end", "out"),
]
CURVES = [("Along the sphere (slerp)", "slerp"), ("Straight (lerp)", "lerp")]
PAPERS = {
    "A4, wide": ("a4", True), "A4, high": ("a4", False),
    "A3, wide": ("a3", True), "A3, high": ("a3", False),
}  # fmt: skip
EMPTY: View = {"empty": "Choose two or more keyframes, then press “Walk”."}


@dataclass(frozen=True, slots=True)
class Chooser:
    """The components that choose a keyframe."""

    heading: gr.Markdown
    query: gr.Textbox
    search: gr.Button
    found: gr.HTML
    rows: gr.State
    text: gr.Textbox
    seed: gr.Number
    imagine: gr.Button
    file: gr.File


@dataclass(frozen=True, slots=True)
class Settings:
    """The components that say how to walk, in the order of `walk`."""

    frames: gr.Slider
    pace: gr.Radio
    loop: gr.Radio
    easing: gr.Radio
    curve: gr.Radio
    fps: gr.Slider

    def all(self) -> list[Any]:
        """Return them in order."""
        return [self.frames, self.pace, self.loop, self.easing, self.curve, self.fps]


@dataclass(frozen=True, slots=True)
class TakeAway:
    """The components that make files of a walk on request."""

    kept: gr.State
    paper: gr.Radio
    pictures: gr.Slider
    title: gr.Textbox
    poster: gr.Button
    archive: gr.Button
    recipe: gr.File
    taken: gr.HTML


@dataclass(frozen=True, slots=True)
class InterpolateTab:
    """The components of the tab."""

    route: gr.State
    arrival: gr.State
    row: gr.HTML
    chooser: Chooser
    pairs: gr.HTML
    settings: Settings
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    player: gr.HTML
    away: TakeAway

    @property
    def shown(self) -> list[Any]:
        """What shows the route."""
        return [self.route, self.row, self.chooser.heading]


def place(shown: Examples) -> InterpolateTab:
    """Lay out the tab."""
    route = route_of(shown.ends)
    row = widget(
        "keyframes", "keyframes", route_view(route, LOOPS[0][1]), events=["arrange"],
        elem_id="keyframes",
    )  # fmt: skip
    chooser = place_chooser(route)
    view = {"label": "Try", "words": [name for name, _ in shown.pairs]}
    pairs = widget("cards", "chips", view, events=["pick"], elem_id="pairs")
    settings = place_settings()
    with gr.Row(elem_classes="run-row"):
        run = gr.Button("Walk", variant="primary", elem_id="walk", scale=0, min_width=180)
        stop = gr.Button("Stop", elem_id="walk-stop", scale=0, min_width=80)
        progress = gr.HTML("", elem_id="walk-progress", elem_classes="progress")
    player = widget("walk", "walk", shown.walk or EMPTY, events=["chart", "open"], elem_id="player")
    away = place_away()
    return InterpolateTab(
        gr.State(route),
        gr.State(None),
        row,
        chooser,
        pairs,
        settings,
        run,
        stop,
        progress,
        player,
        away,
    )


def place_chooser(route: Route) -> Chooser:
    """Lay out what chooses a keyframe."""
    with gr.Column(elem_id="chooser", elem_classes="end-panel"):
        heading = gr.Markdown(chooser_view(route), elem_id="chooser-heading")
        with gr.Tabs(elem_classes="small-tabs"):
            with gr.Tab("Collection"):
                with gr.Row(elem_classes="ask"):
                    query = gr.Textbox(
                        label="Search the collection, or give a number such as 16102-0000",
                        elem_id="key-query",
                    )
                    search = gr.Button("Search", scale=0, min_width=90, elem_id="key-search")
                found = widget("cards", "picks", {}, events=["pick"], elem_id="key-found")
            with gr.Tab("Text"):
                with gr.Row(elem_classes="ask"):
                    text = gr.Textbox(
                        label="What it shall show", elem_id="key-text", scale=4, min_width=120
                    )
                    seed = gr.Number(0, label="Seed", elem_id="key-seed", scale=1, min_width=80)
                    imagine = gr.Button("Imagine", scale=0, min_width=90, elem_id="key-imagine")
            with gr.Tab("Upload"):
                file = gr.File(
                    file_types=EXTENSIONS,
                    label="A picture",
                    show_label=False,
                    height=120,
                    elem_id="key-file",
                    elem_classes="drop",
                )
    return Chooser(heading, query, search, found, gr.State([]), text, seed, imagine, file)


def place_settings() -> Settings:
    """Lay out how to walk."""
    with gr.Row(elem_classes="settings"):
        loop = gr.Radio(LOOPS, value="back", label="Loop", elem_id="loop")
        pace = gr.Radio(PACES, value="even", label="Pace", elem_id="pace", info=PACE_INFO)
        frames = gr.Slider(
            limits.FRAMES.low, limits.FRAMES.high, 16, step=1, label="Frames", elem_id="frames"
        )
    with gr.Accordion("Easing, curve and speed", open=False, elem_id="walk-more"):
        with gr.Row(elem_classes="settings"):
            easing = gr.Radio(EASINGS, value="linear", label="Easing", elem_id="easing")
            curve = gr.Radio(CURVES, value="slerp", label="Curve", elem_id="curve")
            fps = gr.Slider(1, 30, 12, step=1, label="Frames a second", elem_id="fps")
    return Settings(frames, pace, loop, easing, curve, fps)


def place_away() -> TakeAway:
    """Lay out what is made of a walk on request."""
    with gr.Accordion("Poster, all frames, and recipes", open=False, elem_id="away"):
        with gr.Row(elem_classes="settings"):
            paper = gr.Radio(list(PAPERS), value="A4, wide", label="Paper", elem_id="paper")
            pictures = gr.Slider(
                limits.POSTER.low, limits.POSTER.high, 8, step=1,
                label="Pictures on the poster", elem_id="poster-pictures",
            )  # fmt: skip
            title = gr.Textbox(label="Title of the poster", elem_id="poster-title")
        with gr.Row(elem_classes="run-row"):
            poster_button = gr.Button(
                "Make the poster (PDF)", elem_id="poster", scale=0, min_width=190
            )
            archive_button = gr.Button(
                "Take all frames (ZIP)", elem_id="archive", scale=0, min_width=190
            )
            done = widget("walk", "taken", {}, elem_id="taken")
        recipe = gr.File(
            file_types=[".json"],
            label="Open a recipe: drop a file that was downloaded with a walk",
            height=110,
            elem_id="recipe-file",
            elem_classes="drop",
        )
    kept = gr.State(None, time_to_live=KEPT_S)
    return TakeAway(kept, paper, pictures, title, poster_button, archive_button, recipe, done)
