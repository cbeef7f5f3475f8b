"""The Generate tab: engravings from a text and a seed, and what can be done with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engrave.engine import Engine
from engrave.limits import LESS
from engrave.making.directions import Direction
from engrave.ui import generate_bench as bench
from engrave.ui import generate_sheet
from engrave.ui.desk import LIGHT, LONG, MODEL, PRIVATE, Desk, press
from engrave.ui.ends import filled, from_plate
from engrave.ui.examples import Examples
from engrave.ui.files import handed
from engrave.ui.generate_runs import (
    TASK,
    follow_pending,
    generate,
    lasting,
    mix,
    settings_in,
    settings_of,
    vary,
)
from engrave.ui.speech import bind
from engrave.ui.stops import wish, wished
from engrave.ui.views import Made, View
from engrave.ui.widgets import letter_of, position_of, widget

LAST_SEED = 2**32 - 1
PLATE_EVENTS = ["use", "describe", "remake", "open", "chart", "keep", "compare", "vary"]


def to_caption(made: list[Made], event: gr.EventData) -> tuple[list[str], Any]:
    """Hand a plate's PNG to the Caption tab."""
    plate = made[position_of(event, "position", len(made))]
    return [handed(lasting(plate.path))], gr.Tabs(selected="caption")


def chosen_prompt(shown: Examples, event: gr.EventData) -> str:
    """Return the text of the chip that was clicked."""
    return shown.prompts[position_of(event, "position", len(shown.prompts))]


def plate_as_end(engine: Engine, made: list[Made], event: gr.EventData) -> tuple[Any, ...]:
    """Hand a plate to the Interpolate tab."""
    plate = made[position_of(event, "position", len(made))]
    tab = gr.Tabs(selected="interpolate")
    return filled(from_plate(engine, plate), letter_of(event), tab)


def halt(made: list[Made], request: gr.Request) -> View:
    """Ask the run to end, and show what is there."""
    wish(TASK, request)
    return {"plates": [plate.card for plate in made], "note": "Stopping …"}


def halted(made: list[Made], request: gr.Request) -> View:
    """Say that the run has ended, and that the next may begin; a page skips a run before that."""
    if not wished(TASK, request):
        return gr.skip()
    return {"plates": [plate.card for plate in made], "note": f"Stopped after {len(made)}."}


@dataclass(frozen=True, slots=True)
class Bench:
    """The components below the plates: variations, a comparison, the history."""

    variations: gr.Accordion
    across: gr.Dropdown
    up: gr.Dropdown
    step: gr.Slider
    strength: gr.Slider
    vary: gr.Button
    pad: gr.HTML
    subject: gr.State
    comparison: gr.Accordion
    pair: gr.HTML
    chosen: gr.State
    sheet: generate_sheet.SheetBench
    shelf: gr.HTML
    history: gr.State


@dataclass(frozen=True, slots=True)
class GenerateTab:
    """The components of the tab."""

    text: gr.Textbox
    chips: gr.HTML
    num: gr.Slider
    seed: gr.Number
    guidance: gr.Slider
    steps: gr.Slider
    less: gr.Textbox
    less_weight: gr.Slider
    corner_mark: gr.Checkbox
    recipe: gr.File
    pending: gr.State
    held: gr.State
    dice: gr.Button
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    plates: gr.HTML
    made: gr.State
    bench: Bench

    @property
    def settings(self) -> list[Any]:
        """What a run is made with, in the order of the handlers."""
        first = [self.text, self.num, self.seed, self.guidance, self.steps]
        return [*first, self.less, self.less_weight, self.corner_mark]


def place(shown: Examples, directions: Sequence[Direction]) -> GenerateTab:
    """Lay out the tab."""
    text = gr.Textbox(
        value=shown.text,
        label="What it shall show",
        placeholder="A ship in a storm … or nothing, for a picture out of the seed alone",
        max_lines=3,
        elem_id="prompt",
    )
    view: View = {"label": "Try", "words": shown.prompts}
    chips = widget("cards", "chips", view, events=["pick"], elem_id="prompt-chips")
    with gr.Row(elem_classes="settings"):
        num = gr.Slider(1, 8, 4, step=1, label="How many", elem_id="num", min_width=150)
        with gr.Row(elem_classes="seed-row"):
            seed = gr.Number(shown.seed, label="Seed", precision=None, elem_id="seed", min_width=90)
            dice = gr.Button("Random seed", size="sm", elem_id="dice", min_width=90)
        guidance = gr.Slider(0, 10, 2, step=0.5, label="Guidance", elem_id="guidance")
        steps = gr.Slider(1, 60, 20, step=1, label="Steps", elem_id="steps")
    more = place_more()
    with gr.Row(elem_classes="run-row"):
        run = gr.Button("Generate", variant="primary", elem_id="generate", scale=0, min_width=150)
        stop = gr.Button("Stop", elem_id="generate-stop", scale=0, min_width=80)
        progress = gr.HTML("", elem_id="generate-progress", elem_classes="progress")
    plates = widget("plates", "plates", shown.plates, events=PLATE_EVENTS, elem_id="plates")
    made = gr.State(list(shown.made))
    return GenerateTab(
        text, chips, num, seed, guidance, steps, *more, gr.State(None), gr.State(""), dice, run,
        stop, progress, plates, made, place_bench(shown, directions),
    )  # fmt: skip


def place_more() -> tuple[gr.Textbox, gr.Slider, gr.Checkbox, gr.File]:
    """Lay out what few need: less of something, a mark, and settings out of a file."""
    with gr.Accordion("Less of something, a visible mark, settings out of a file", open=False):
        with gr.Row(elem_classes="settings"):
            with gr.Column(scale=5, min_width=240):
                less = gr.Textbox("", label="Less of", placeholder="people", elem_id="less")
                weight = gr.Slider(
                    LESS.low, LESS.high, 1, step=0.25, label="How much less", elem_id="less-weight"
                )
                mark = gr.Checkbox(
                    label="Say in a corner of the picture that a model made it", elem_id="mark"
                )
            with gr.Column(scale=6, min_width=240):
                file = gr.File(
                    file_types=[".png", ".json"],
                    label="Drop a PNG that was made here, or a recipe, to make it again",
                    height=140,
                    elem_id="recipe",
                    elem_classes="drop",
                )
    return less, weight, mark, file


def place_bench(shown: Examples, directions: Sequence[Direction]) -> Bench:
    """Lay out variations, comparison and history."""
    with gr.Accordion("Variations of one", open=False, elem_id="variations") as variations:
        gr.Markdown(
            "Press “Vary” under an engraving. The pad shows what lies round it in the "
            "collection's own directions; a click on a cell goes on from there.",
            elem_classes="hint",
        )
        ways = [(way_label(one), one.name) for one in directions]
        names = [one.name for one in directions] or [""]
        with gr.Row(elem_classes="settings"):
            across = gr.Dropdown(ways, value=names[0], label="Across", elem_id="pad-across")
            up = gr.Dropdown(ways, value=names[1 % len(names)], label="Up", elem_id="pad-up")
            step = gr.Slider(0.5, 4, 2, step=0.5, label="Width of a step", elem_id="pad-step")
        pad = widget("bench", "pad", {}, events=["pick"], elem_id="pad")
        with gr.Row(elem_classes="run-row"):
            strength = gr.Slider(
                0, 1, 0.4, step=0.05, label="How different", elem_id="strength",
                info="0 leaves the very same picture.",
            )  # fmt: skip
            more = gr.Button("Make 4 variations", elem_id="vary", scale=0, min_width=170)
    with gr.Accordion("Compare two, and mix them", open=False, elem_id="comparison") as comparison:
        pair = widget("bench", "pair", {}, events=["mix"], elem_id="pair")
    sheet = generate_sheet.place()
    with gr.Accordion("History and favourites of this session", open=False, elem_id="history"):
        history = list(shown.made)
        view = bench.shelf_view(history)
        shelf = widget("bench", "shelf", view, events=["back", "star"], elem_id="shelf")
    states = gr.State(None), gr.State([]), gr.State(history)
    return Bench(
        variations, across, up, step, strength, more, pad, states[0], comparison, pair, states[1],
        sheet, shelf, states[2],
    )  # fmt: skip


def nothing_held() -> str:
    """Forget the file that was dropped, since what follows was not made of it."""
    return ""


def way_label(direction: Direction) -> str:
    """Return what a direction is called in a list."""
    return f"{direction.low} ↔ {direction.high}"


def wire(tab: GenerateTab, desk: Desk, files: gr.File) -> None:
    """Say what happens when; `files` is the frame of the Caption tab."""
    shown = [tab.plates, tab.made]
    model: dict[str, Any] = {"show_progress_on": tab.progress} | LONG
    # one event for all ways to begin: a browser that stops several would also stop the next run
    run = gr.on(
        [tab.run.click, tab.text.submit],
        bind(generate, desk.engine, desk.views),
        tab.settings,
        shown,
        **model,
    )
    chosen = tab.chips.pick(bind(chosen_prompt, desk.shown), None, tab.text, **LIGHT)
    chosen.success(None, js=press("generate"), **PRIVATE)
    again = tab.plates.remake(
        bind(settings_of), tab.made, [*tab.settings, tab.pending, tab.held], **LIGHT
    )
    dropped = tab.recipe.upload(
        bind(settings_in), tab.recipe, [*tab.settings, tab.pending, tab.held], **LIGHT
    )
    follow = bind(follow_pending, desk.engine, desk.views)
    runs = [
        run,
        *(one.success(follow, [tab.pending, tab.held], shown, **model) for one in (again, dropped)),
    ]
    runs += wire_bench(tab, desk, model)
    tab.stop.click(bind(halt), tab.made, tab.plates, cancels=runs, **LIGHT)
    for one in runs:
        one.failure(bind(halted), tab.made, tab.plates, **LIGHT)
        one.then(
            bind(bench.remembered),
            [tab.made, tab.bench.history],
            [tab.bench.history, tab.bench.shelf],
            **LIGHT,
        )
    tab.dice.click(None, None, tab.seed, js=f"() => Math.floor(Math.random() * {LAST_SEED})")
    tab.plates.describe(bind(to_caption), tab.made, [files, desk.tabs], **LIGHT)
    tab.plates.use(bind(plate_as_end, desk.engine), tab.made, desk.walk_ends, **MODEL)
    generate_sheet.wire(tab.bench.sheet, tab.settings[2:], desk)
    desk.opens(tab.plates)


def wire_bench(tab: GenerateTab, desk: Desk, model: dict[str, Any]) -> list[Any]:
    """Say what happens below the plates; return the events that a stop ends."""
    low, shown = tab.bench, [tab.plates, tab.made]
    ways = [low.across, low.up, low.step]
    tab.plates.vary(
        bind(bench.varied, desk.engine), [tab.made, *ways],
        [low.subject, low.pad, low.variations], show_progress_on=low.pad, **MODEL,
    )  # fmt: skip
    for control in (low.across.input, low.up.input, low.step.release):
        control(bind(bench.pad, desk.engine), [low.subject, *ways], low.pad, **MODEL)
    follow = bind(follow_pending, desk.engine, desk.views)
    cell = low.pad.pick(bind(bench.chosen_cell), [low.subject, *ways], tab.pending, **LIGHT)
    cell = cell.success(bind(nothing_held), None, tab.held, **LIGHT)
    moved = cell.success(follow, [tab.pending, tab.held], shown, **model)
    moved.success(
        bind(bench.moved_to, desk.engine), [tab.made, *ways], [low.subject, low.pad], **MODEL
    )
    runs = [
        moved,
        low.vary.click(
            bind(vary, desk.engine, desk.views), [low.subject, low.strength], shown, **model
        ),
        low.pair.mix(bind(mix, desk.engine, desk.views), low.chosen, shown, **model),
    ]
    tab.plates.compare(
        bind(bench.paired), [tab.made, low.chosen], [low.chosen, low.pair, low.comparison], **LIGHT
    )
    shelf = [low.history, low.shelf]
    tab.plates.keep(bind(bench.starred_plate), [tab.made, low.history], shelf, **LIGHT)
    low.shelf.star(bind(bench.starred), low.history, shelf, **LIGHT)
    low.shelf.back(bind(bench.brought_back), low.history, shown, **LIGHT)
    return runs
