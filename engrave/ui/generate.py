"""The Generate tab: engravings from a text and a seed, one after the other."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.engine import Engine
from engrave.errors import PromptError
from engrave.limits import PLATES, SEED
from engrave.ui.desk import LIGHT, MODEL, PRIVATE, Desk, press
from engrave.ui.ends import filled, from_plate
from engrave.ui.examples import Examples
from engrave.ui.files import handed
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish, wished
from engrave.ui.views import Made, View, Views
from engrave.ui.widgets import letter_of, position_of, widget

TASK = "generate"
LAST_SEED = 2**32 - 1
Shown = tuple[View, list[Made]]  # cards, what the session keeps of them


def generate(
    engine: Engine,
    views: Views,
    text: str,
    num: int,
    seed: int,
    guidance: float,
    steps: int,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Make engravings and show each as soon as it is there."""
    total, first = PLATES.whole(num), SEED.whole(seed)
    report = reporter(TASK, progress, request)
    cards: list[View] = []
    made: list[Made] = []
    started = time.monotonic()
    yield {"plates": [], "pending": total, "note": "The first one is being drawn …"}, []
    plates = engine.generate(
        text, num=total, seed=first, guidance=guidance, steps=steps, progress=report
    )
    for plate in plates:
        made.append(views.keep(plate))
        cards.append(made[-1].card)
        seconds = time.monotonic() - started
        note = told(text, len(made), total, seconds)
        yield {"plates": list(cards), "pending": total - len(made), "note": note}, list(made)


def told(text: str, count: int, total: int, seconds: float) -> str:
    """Return the line above the cards."""
    of_what = f"“{text.strip()}”" if text.strip() else "no text, only a seed"
    if count < total:
        return f"{count} of {total} from {of_what}"
    engravings = "One engraving" if total == 1 else f"{total} engravings"
    return f"{engravings} from {of_what}, {seconds:.1f} s"


def settings_of(made: list[Made], event: gr.EventData) -> tuple[str, int, int, float, int]:
    """Return text, number, seed, guidance and steps that make one plate again."""
    plate = made[position_of(event, "position", len(made))]
    return plate.text, 1, plate.seed, plate.guidance, plate.steps


def to_caption(made: list[Made], event: gr.EventData) -> tuple[list[str], Any]:
    """Hand a plate's PNG to the Caption tab."""
    plate = made[position_of(event, "position", len(made))]
    if not Path(plate.path).is_file():
        raise PromptError("This picture was cleared away; make it again from its seed.")
    return [handed(plate.path)], gr.Tabs(selected="caption")


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
class GenerateTab:
    """The components of the tab."""

    text: gr.Textbox
    chips: gr.HTML
    num: gr.Slider
    seed: gr.Number
    guidance: gr.Slider
    steps: gr.Slider
    dice: gr.Button
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    plates: gr.HTML
    made: gr.State


def place(shown: Examples) -> GenerateTab:
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
    with gr.Row(elem_classes="run-row"):
        run = gr.Button("Generate", variant="primary", elem_id="generate", scale=0, min_width=150)
        stop = gr.Button("Stop", elem_id="generate-stop", scale=0, min_width=80)
        progress = gr.HTML("", elem_id="generate-progress", elem_classes="progress")
    plates = widget(
        "cards", "plates", shown.plates, events=["use", "describe", "remake", "open", "chart"],
        elem_id="plates",
    )  # fmt: skip
    made = gr.State(list(shown.made))
    return GenerateTab(
        text, chips, num, seed, guidance, steps, dice, run, stop, progress, plates, made
    )


def wire(tab: GenerateTab, desk: Desk, files: gr.File) -> None:
    """Say what happens when; `files` is the frame of the Caption tab."""
    settings = [tab.text, tab.num, tab.seed, tab.guidance, tab.steps]
    # one event for all ways to begin: a browser that stops several would also stop the next run
    run = gr.on(
        [tab.run.click, tab.text.submit],
        bind(generate, desk.engine, desk.views),
        settings,
        [tab.plates, tab.made],
        show_progress_on=tab.progress,
        **MODEL,
    )
    again = tab.plates.remake(bind(settings_of), tab.made, settings, **LIGHT)
    chosen = tab.chips.pick(bind(chosen_prompt, desk.shown), None, tab.text, **LIGHT)
    for ready in (again, chosen):
        ready.success(None, js=press("generate"), **PRIVATE)
    tab.stop.click(bind(halt), tab.made, tab.plates, cancels=[run], **LIGHT)
    run.failure(bind(halted), tab.made, tab.plates, **LIGHT)
    tab.dice.click(None, None, tab.seed, js=f"() => Math.floor(Math.random() * {LAST_SEED})")
    tab.plates.describe(bind(to_caption), tab.made, [files, desk.tabs], **LIGHT)
    tab.plates.use(bind(plate_as_end, desk.engine), tab.made, desk.walk_ends, **MODEL)
    desk.opens(tab.plates)
