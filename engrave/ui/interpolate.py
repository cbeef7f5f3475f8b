"""The Interpolate tab: a walk from one engraving to another, and its film."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import gradio as gr
import numpy as np
from PIL import Image

from engrave.answers import Walk
from engrave.engine import Engine
from engrave.errors import PictureError, PromptError
from engrave.limits import SEED
from engrave.ui.desk import LIGHT, MODEL, PRIVATE, Desk, press
from engrave.ui.ends import (
    End,
    both,
    end_view,
    from_collection,
    from_text,
    from_upload,
    show_found,
)
from engrave.ui.examples import Examples
from engrave.ui.files import file_url, new_path, save
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish
from engrave.ui.uploads import EXTENSIONS
from engrave.ui.views import View
from engrave.ui.widgets import position_of, widget
from engrave.video import write_gif, write_mp4

TASK = "walk"
COLUMNS = 8  # of the sheet that the player cuts its frames from
FPS = 12
EVERY = 4  # frames between two captions
MODES = [("Through the prior", "prior"), ("Direct", "direct")]
MODE_INFO = "The prior keeps every frame a likely engraving; direct blends the two."
CURVES = [("Along the sphere (slerp)", "slerp"), ("Straight (lerp)", "lerp")]
EMPTY: View = {"empty": "Choose A and B, then press “Walk from A to B”."}


def walk(
    engine: Engine,
    first: End | None,
    second: End | None,
    frames: int,
    mode: str,
    curve: str,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> View:
    """Walk from A to B and return what the player shows."""
    ends = both((first, second))
    report = reporter(TASK, progress, request)
    started = time.monotonic()
    found = engine.walk(
        ends[0].latent,
        ends[1].latent,
        frames=frames,
        mode=mode,
        curve=curve,
        caption_every=EVERY,
        progress=report,
    )
    report(0.95, "writing the film")
    view = player_view(found) | {"path": path_of(engine, found.latents)}
    seconds = time.monotonic() - started
    return view | {"note": f"{len(found.frames)} frames in {seconds:.1f} s"}


def player_view(found: Walk) -> View:
    """Write the sheet and the films of a walk; return what the player shows."""
    mp4, gif = new_path("engrave-walk.mp4"), new_path("engrave-walk.gif")
    write_mp4(found.frames, mp4, fps=FPS, loop_back=True)
    write_gif(found.frames, gif, fps=FPS, loop_back=True)
    sheet = save(sheet_of(found.frames), "engrave-walk.webp")
    return sheet_view(found) | {
        "sheet": file_url(sheet),
        "mp4": file_url(mp4),
        "gif": file_url(gif),
    }


def path_of(engine: Engine, latents_NL: np.ndarray) -> list[list[float]]:
    """Return the places of a walk's frames on the map, none where there is no map."""
    if not len(engine.collection):
        return []
    return [list(engine.collection.place(one)) for one in engine.embed(latents_NL)]


def sheet_view(found: Walk) -> View:
    """Return how the frames lie on the sheet, and the captions."""
    captions = {str(index): text for index, text in sorted(found.captions.items())}
    count = len(found.frames)
    return {"columns": min(COLUMNS, count), "count": count, "captions": captions}


def sheet_of(frames: Sequence[Image.Image]) -> bytes:
    """Return all frames on one WebP, row by row: one file, so that the scrubber never waits."""
    if not frames:
        raise PictureError("This walk has no frames; choose 3 or more.")
    width, height = frames[0].size
    columns = min(COLUMNS, len(frames))
    sheet = Image.new("L", (columns * width, -(-len(frames) // columns) * height), 255)
    for index, frame in enumerate(frames):
        sheet.paste(frame.convert("L"), (index % columns * width, index // columns * height))
    buffer = BytesIO()
    sheet.save(buffer, "WEBP", quality=88)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class EndPanel:
    """The components that choose one end."""

    letter: str
    end: gr.State
    view: gr.HTML
    query: gr.Textbox
    search: gr.Button
    found: gr.HTML
    rows: gr.State
    text: gr.Textbox
    seed: gr.Number
    imagine: gr.Button
    file: gr.File


@dataclass(frozen=True, slots=True)
class InterpolateTab:
    """The components of the tab."""

    ends: tuple[EndPanel, EndPanel]
    pairs: gr.HTML
    mode: gr.Radio
    curve: gr.Radio
    frames: gr.Slider
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    player: gr.HTML


def place_end(letter: str, end: End | None) -> EndPanel:
    """Lay out what chooses one end."""
    name = f"end-{letter.lower()}"
    with gr.Column(min_width=280, elem_id=name, elem_classes="end-panel"):
        view = widget("cards", "end", end_view(end, letter), elem_id=f"{name}-view")
        with gr.Tabs(elem_classes="small-tabs"):
            with gr.Tab("Collection"):
                with gr.Row(elem_classes="ask"):
                    query = gr.Textbox(
                        label="Search the collection, or give a number such as 16102-0000",
                        elem_id=f"{name}-query",
                    )
                    search = gr.Button("Search", scale=0, min_width=90, elem_id=f"{name}-search")
                found = widget("cards", "picks", {}, events=["pick"], elem_id=f"{name}-found")
            with gr.Tab("Text"):
                with gr.Row(elem_classes="ask"):
                    text = gr.Textbox(
                        label="What it shall show", elem_id=f"{name}-text", scale=4, min_width=120
                    )
                    seed = gr.Number(0, label="Seed", elem_id=f"{name}-seed", scale=1, min_width=80)
                    imagine = gr.Button("Imagine", scale=0, min_width=90, elem_id=f"{name}-imagine")
            with gr.Tab("Upload"):
                file = gr.File(
                    file_types=EXTENSIONS,
                    label="A picture",
                    show_label=False,
                    height=120,
                    elem_id=f"{name}-file",
                    elem_classes="drop",
                )
    state, rows = gr.State(end), gr.State([])
    return EndPanel(letter, state, view, query, search, found, rows, text, seed, imagine, file)


def place(shown: Examples) -> InterpolateTab:
    """Lay out the tab."""
    with gr.Row(elem_classes="halves"):
        ends = (place_end("A", shown.ends[0]), place_end("B", shown.ends[1]))
    view = {"label": "Try", "words": [name for name, _ in shown.pairs]}
    pairs = widget("cards", "chips", view, events=["pick"], elem_id="pairs")
    with gr.Row(elem_classes="settings"):
        mode = gr.Radio(MODES, value="prior", label="Mode", elem_id="mode", info=MODE_INFO)
        curve = gr.Radio(CURVES, value="slerp", label="Curve", elem_id="curve")
        frames = gr.Slider(3, 48, 16, step=1, label="Frames", elem_id="frames")
    with gr.Row(elem_classes="run-row"):
        run = gr.Button(
            "Walk from A to B", variant="primary", elem_id="walk", scale=0, min_width=180
        )
        stop = gr.Button("Stop", elem_id="walk-stop", scale=0, min_width=80)
        progress = gr.HTML("", elem_id="walk-progress", elem_classes="progress")
    player = widget("walk", "walk", shown.walk or EMPTY, events=["chart"], elem_id="player")
    return InterpolateTab(ends, pairs, mode, curve, frames, run, stop, progress, player)


def wire_end(panel: EndPanel, desk: Desk) -> None:
    """Say how one end is chosen."""
    shown = [panel.end, panel.view]
    look = bind(show_found, desk.engine, desk.views)
    imagine = bind(imagined, desk.engine, panel.letter)
    for trigger in (panel.query.submit, panel.search.click):
        trigger(look, panel.query, [panel.found, panel.rows], **MODEL)
    for trigger in (panel.text.submit, panel.imagine.click):
        trigger(imagine, [panel.text, panel.seed], shown, **MODEL)
    panel.found.pick(bind(picked, desk.engine, panel.letter), panel.rows, shown, **MODEL)
    panel.file.upload(bind(uploaded, desk.engine, panel.letter), panel.file, shown, **MODEL)


def wire(tab: InterpolateTab, desk: Desk) -> None:
    """Say what happens when."""
    for panel in tab.ends:
        wire_end(panel, desk)
    first, second = tab.ends
    run = tab.run.click(
        bind(walk, desk.engine),
        [first.end, second.end, tab.frames, tab.mode, tab.curve],
        tab.player,
        show_progress_on=tab.progress,
        **MODEL,
    )
    shown = [first.end, first.view, second.end, second.view]
    chosen = tab.pairs.pick(bind(chosen_pair, desk.engine, desk.shown), None, shown, **MODEL)
    chosen.success(None, js=press("walk"), **PRIVATE)
    tab.stop.click(bind(wish, TASK), cancels=[run], **LIGHT)


def imagined(engine: Engine, letter: str, text: str, seed: int) -> tuple[End, View]:
    """Make an end from a text."""
    end = from_text(engine, text, SEED.whole(seed))
    return end, end_view(end, letter)


def picked(engine: Engine, letter: str, rows: list[int], event: gr.EventData) -> tuple[End, View]:
    """Make an end from the engraving that was picked from a search."""
    end = from_collection(engine, rows[position_of(event, "position", len(rows))])
    return end, end_view(end, letter)


def uploaded(engine: Engine, letter: str, path: str | None) -> tuple[End, View]:
    """Make an end from an upload."""
    end = from_upload(engine, path)
    return end, end_view(end, letter)


def chosen_pair(
    engine: Engine, shown: Examples, event: gr.EventData
) -> tuple[End, View, End, View]:
    """Set both ends from a pair that was clicked."""
    _, pair = shown.pairs[position_of(event, "position", len(shown.pairs))]
    first, second = (end_of(engine, source) for source in pair)
    return first, end_view(first, "A"), second, end_view(second, "B")


def end_of(engine: Engine, source: str) -> End:
    """Make an end from `text:...` or from an id of the collection."""
    if source.startswith("text:"):
        return from_text(engine, source.removeprefix("text:"), 0)
    row = engine.collection.row(source)
    if row is None:
        raise PromptError(f"The collection has no engraving {source}; choose another.")
    return from_collection(engine, row)
