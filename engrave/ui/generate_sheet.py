"""The sheet of the Generate tab: several texts by several seeds, as one PNG and one PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.answers import Plate
from engrave.engine import Engine
from engrave.limits import SHEET_SEEDS, SHEET_TEXTS
from engrave.making.sheet import Sheet, as_pdf, as_png, drawn, settled, sheet_of, texts_in
from engrave.recipe import Recipe
from engrave.ui.desk import LIGHT, LONG, Desk
from engrave.ui.files import file_url, save
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish, wished
from engrave.ui.views import View
from engrave.ui.widgets import widget

TASK = "sheet"
NAME = "engrave-sheet"
EXAMPLE = "a ship in a storm\nan owl on a branch\na castle on a rock"


@dataclass(frozen=True, slots=True)
class SheetBench:
    """The components of the sheet."""

    texts: gr.Textbox
    seeds: gr.Slider
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    shown: gr.HTML


def make_sheet(
    engine: Engine,
    texts: str,
    seeds: int,
    seed: int,
    guidance: float,
    steps: int,
    less: str,
    less_weight: float,
    corner_mark: bool,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[View]:
    """Draw all pictures of a sheet, saying how many there are, then lay them out."""
    like = Recipe(
        seed=seed, guidance=guidance, steps=steps, less=less, less_weight=less_weight,
        corner_mark=corner_mark is True,
    )  # fmt: skip
    sheet = sheet_of(texts_in(texts), seeds, like)
    total = len(sheet.recipes)
    report = reporter(TASK, progress, request)
    plates: list[Plate] = []
    yield {"note": f"None of {total} pictures yet …"}
    for plate in drawn(sheet, engine.follow, report):
        plates.append(plate)
        yield {"note": f"{len(plates)} of {total} pictures"}
    png, pdf = written(settled(sheet, plates), plates, engine.model_version)
    what = f"{len(sheet.rows)} by {len(sheet.columns)}: {'; '.join(sheet.rows)}"
    yield {
        "note": f"{total} pictures, row by row a text, column by column a seed",
        "src": file_url(png),
        "name": png.name,
        "pdf": file_url(pdf),
        "pdf_name": pdf.name,
        "words": f"A sheet of engravings that the model made, {what}",
    }


def written(sheet: Sheet, plates: Sequence[Plate], model_version: str) -> tuple[Path, Path]:
    """Write a sheet as PNG and as PDF where the page may hand them out."""
    pictures = [plate.image for plate in plates]
    return (
        save(as_png(sheet, pictures, model_version), f"{NAME}.png"),
        save(as_pdf(sheet, pictures, model_version), f"{NAME}.pdf"),
    )


def halt(request: gr.Request) -> View:
    """Ask the sheet to end."""
    wish(TASK, request)
    return {"note": "Stopping …"}


def halted(request: gr.Request) -> View:
    """Say that the sheet was stopped, so that nobody waits for it."""
    return {"note": "Stopped; nothing was laid out."} if wished(TASK, request) else gr.skip()


def place() -> SheetBench:
    """Lay out the sheet."""
    with gr.Accordion("A sheet of several texts and seeds", open=False, elem_id="sheet"):
        gr.Markdown(
            "Each text becomes a row and each seed a column, with the seed, guidance and all other "
            "settings from above. The sheet comes as a PNG, pixel by pixel as single pictures are, "
            "and as a PDF for print.",
            elem_classes="hint",
        )
        with gr.Row(elem_classes="settings"):
            texts = gr.Textbox(
                "", label=f"Texts, one a line, {SHEET_TEXTS.high} at most", placeholder=EXAMPLE,
                lines=4, max_lines=SHEET_TEXTS.high, elem_id="sheet-texts", min_width=320,
            )  # fmt: skip
            seeds = gr.Slider(
                SHEET_SEEDS.low, SHEET_SEEDS.high, 4, step=1, label="How many seeds",
                elem_id="sheet-seeds", min_width=240,
            )  # fmt: skip
        with gr.Row(elem_classes="run-row"):
            run = gr.Button("Make the sheet", elem_id="sheet-run", scale=0, min_width=150)
            stop = gr.Button("Stop", elem_id="sheet-stop", scale=0, min_width=80)
            progress = gr.HTML("", elem_id="sheet-progress", elem_classes="progress")
        shown = widget("bench", "sheet", {}, elem_id="sheet-shown")
    return SheetBench(texts, seeds, run, stop, progress, shown)


def wire(part: SheetBench, settings: Sequence[Any], desk: Desk) -> None:
    """Say what happens when; `settings` are seed, guidance, steps and what follows them."""
    run = part.run.click(
        bind(make_sheet, desk.engine), [part.texts, part.seeds, *settings], part.shown,
        show_progress_on=part.progress, **LONG,
    )  # fmt: skip
    part.stop.click(bind(halt), None, part.shown, cancels=[run], **LIGHT)
    run.failure(bind(halted), None, part.shown, **LIGHT)
