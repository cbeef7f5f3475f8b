"""The Training tab: how the shipped model was trained, how good it is, and a report on any log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.places import PLOTLY
from engrave.ui import record, reports, trust
from engrave.ui.desk import PRIVATE
from engrave.ui.explore_map import PLOTLY_VERSION
from engrave.ui.files import file_url
from engrave.ui.speech import bind
from engrave.ui.views import NOTHING, View
from engrave.ui.widgets import widget

HINT = (
    "**A report on a log of your own.** Drop JSON lines, a CSV of a run's history, or a ZIP of a "
    "tracker's folder (Weights & Biases offline, TensorBoard, trackio), up to 30 MB. It is read "
    "here and goes nowhere else."
)
REPORT: dict[str, Any] = PRIVATE | {"concurrency_id": "report", "concurrency_limit": 1}


@dataclass(frozen=True, slots=True)
class TrainingTab:
    """The components of the tab, and where the shipped run lies."""

    shipped: gr.HTML
    file: gr.File
    progress: gr.HTML
    own: gr.HTML
    folder: Path
    scratch: Path


def training_files(folder: Path, scratch: Path) -> View:
    """Return where the browser finds the curves; writes them to a file that is fetched when the
    tab is opened."""
    stages = record.curves(folder / "log.jsonl")
    if not stages:
        return NOTHING
    path = scratch / "curves.json"
    path.write_text(json.dumps(stages, separators=(",", ":")), encoding="utf-8")
    return {"curves": file_url(path), "plotly": file_url(PLOTLY, PLOTLY_VERSION)}


def place(folder: Path, scratch: Path) -> TrainingTab:
    """Lay out the tab."""
    widget("training", "about", record.about(folder), elem_id="training-about")
    widget("training", "curves", training_files(folder, scratch), elem_id="training-curves")
    widget("training", "figures", record.figures(folder), elem_id="training-figures")
    widget("training", "trust", trust.reliability(folder), elem_id="training-trust")
    shown = {"items": record.samples(folder), "heading": "As training went on"}
    empty = "No samples were kept of this run; the next one that is published brings its own."
    widget("training", "gallery", shown | {"empty": empty}, elem_id="training-samples")
    shown = {"items": record.pairs(folder), "heading": "Ten pictures with their captions"}
    empty = "No pairs were kept of this run; the next one that is published brings its own."
    widget("training", "gallery", shown | {"empty": empty}, elem_id="training-pairs")
    wanted = {"offer": "Report on this run"} if (folder / "log.jsonl").is_file() else NOTHING
    shipped = widget("training", "report", wanted, events=["ask"], elem_id="training-report")
    gr.Markdown(HINT, elem_classes="hint")
    file = gr.File(
        label="Log of a training run",
        show_label=False,
        height=120,
        elem_id="training-log",
        elem_classes="drop",
    )
    progress = gr.HTML("", elem_id="training-progress", elem_classes="progress")
    own = widget("training", "report", NOTHING, elem_id="training-own")
    return TrainingTab(shipped, file, progress, own, folder, scratch)


def wire(tab: TrainingTab) -> None:
    """Say what happens when."""
    ask = bind(shipped_report, tab.folder, tab.scratch)
    tab.shipped.ask(ask, None, tab.shipped, show_progress="hidden", **REPORT)
    tab.file.change(bind(own_report), tab.file, tab.own, show_progress_on=tab.progress, **REPORT)


def shipped_report(folder: Path, scratch: Path) -> Iterator[View]:
    """Judge the shipped run, once while the page is served."""
    out = scratch / "report"
    name = "the shipped run"
    if not (out / "report.json").is_file():
        yield from reports.made(folder / "log.jsonl", out, name)
    yield reports.view_of(out, name)


def own_report(path: str | None) -> Iterator[View]:
    """Judge a log that was dropped in the frame."""
    if path is None:
        yield NOTHING
        return
    yield from reports.report_on(path)
