"""The Caption tab: one picture gets captions and neighbours, several get a table."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.answers import CaptionAnswer
from engrave.collection.export import guarded
from engrave.engine import Engine
from engrave.errors import EngraveError, PictureError
from engrave.image import open_picture
from engrave.progress import Progress
from engrave.ui.desk import LIGHT, MODEL, Desk
from engrave.ui.ends import End, filled
from engrave.ui.examples import Examples
from engrave.ui.files import data_url, file_url, handed, new_path
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish
from engrave.ui.uploads import EXTENSIONS, checked_list
from engrave.ui.views import NOTHING, View, Views, candidates
from engrave.ui.widgets import letter_of, position_of, widget

TASK = "caption"
THUMB_PX = 64
HINT = "Drop one engraving for its caption, or several for a table (JPEG, PNG, WebP, TIFF)."
EMPTY: View = {"empty": "Drop an engraving on the left, or click one of the examples."}
HEADER = (
    "file", "caption", "probability", "match", "other_caption_1", "other_probability_1",
    "other_caption_2", "other_probability_2", "nearest_id", "nearest_caption",
    "nearest_similarity", "model_version", "error",
)  # fmt: skip
Shown = tuple[View, View, View, End | None]  # answer, neighbours, table, end of a walk


@dataclass(slots=True)
class Batch:
    """What a batch has found so far, as rows for the page and for the file."""

    total: int
    path: Path
    rows: list[View] = field(default_factory=list)

    def view(self) -> View:
        """Return what the page shows."""
        return {"rows": self.rows, "total": self.total, "csv": file_url(self.path)}


def describe(
    engine: Engine,
    views: Views,
    paths: Sequence[str] | str | None,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Caption what was dropped in the frame."""
    report = reporter(TASK, progress, request)
    files = checked_list(paths)
    if not files:
        yield EMPTY, NOTHING, NOTHING, None
    elif len(files) == 1:
        yield from describe_one(engine, views, files[0])
    else:
        yield from describe_many(engine, files, report)


def describe_one(engine: Engine, views: Views, path: Path) -> Iterator[Shown]:
    """Show the picture, then its captions and neighbours."""
    picture = open_picture(path)
    src = data_url(picture)
    shown: View = {"src": src, "name": path.name}
    yield shown | {"pending": True}, NOTHING, NOTHING, None
    answer = engine.caption(picture)
    found = shown | {"candidates": candidates(answer.candidates)}
    end = End(f"captioned, {path.name}", answer.candidates[0].text, answer.latent, src)
    yield found, views.near(answer.neighbours), NOTHING, end


def describe_many(engine: Engine, paths: Sequence[Path], report: Progress) -> Iterator[Shown]:
    """Fill the table row by row; a file that cannot be read gets its reason, the others go on."""
    batch = Batch(len(paths), new_path("captions.csv"))
    with batch.path.open("w", newline="", encoding="utf-8-sig") as stream:  # Excel needs the mark
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for position, path in enumerate(paths):
            report(position / len(paths), f"{position + 1} of {len(paths)}: {path.name}")
            row, line = describe_row(engine, path)
            batch.rows.append(row)
            writer.writerow([guarded(cell) for cell in line])
            stream.flush()
            yield NOTHING, NOTHING, batch.view(), None


def describe_row(engine: Engine, path: Path) -> tuple[View, list[object]]:
    """Return one row for the page and one for the file."""
    try:
        picture = open_picture(path)
        answer = engine.caption(picture, num_neighbours=1)
    except EngraveError as error:
        return {"file": path.name, "error": str(error)}, failed_line(engine, path, error)
    best, *others = candidates(answer.candidates)
    nearest = answer.neighbours[0] if answer.neighbours else None
    row = {
        "file": path.name,
        "thumb": data_url(picture, THUMB_PX),
        "caption": best["text"],
        "probability": best["probability"],
        "others": others,
        "nearest": nearest and {"caption": nearest.caption, "similarity": nearest.similarity},
    }
    return row, line_of(engine, path, answer)


def line_of(engine: Engine, path: Path, answer: CaptionAnswer) -> list[object]:
    """Return the cells of one picture, in the order of the header."""
    best, *others = answer.candidates
    pairs: list[tuple[str, object]] = [
        (other.text, round(other.probability, 4)) for other in others[:2]
    ]
    pairs += [("", "")] * (2 - len(pairs))
    near = answer.neighbours[0] if answer.neighbours else None
    nearest = (near.id, near.caption, round(near.similarity, 4)) if near else ("", "", "")
    figures = (round(best.probability, 4), round(best.match, 4))
    others_flat = [cell for pair in pairs for cell in pair]
    return [path.name, best.text, *figures, *others_flat, *nearest, engine.model_version, ""]


def failed_line(engine: Engine, path: Path, error: EngraveError) -> list[object]:
    """Return the cells of a file that could not be read."""
    return [path.name, *[""] * (len(HEADER) - 3), engine.model_version, str(error)]


@dataclass(frozen=True, slots=True)
class CaptionTab:
    """The components of the tab."""

    files: gr.File
    samples: gr.HTML
    progress: gr.HTML
    answer: gr.HTML
    near: gr.HTML
    table: gr.HTML
    end: gr.State


def place(shown: Examples) -> CaptionTab:
    """Lay out the tab."""
    with gr.Row(elem_classes="halves"):
        with gr.Column(scale=4, min_width=280):
            gr.Markdown(HINT, elem_classes="hint")
            files = gr.File(
                file_count="multiple",
                file_types=EXTENSIONS,
                label="Pictures to caption",
                show_label=False,
                height=140,
                elem_id="caption-files",
                elem_classes="drop",
            )
            samples = widget(
                "cards",
                "picks",
                samples_view(shown),
                events=["pick"],
                elem_id="caption-samples",
            )
            progress = gr.HTML("", elem_id="caption-progress", elem_classes="progress")
        with gr.Column(scale=7, min_width=280):
            answer = widget(
                "cards",
                "answer",
                shown.answer or EMPTY,
                events=["use", "chart"],
                elem_id="caption-answer",
            )
            near = widget(
                "cards", "neighbours", shown.near, events=["open"], elem_id="caption-near"
            )
    table = widget("table", "batch", NOTHING, events=["stop"], elem_id="caption-table")
    return CaptionTab(files, samples, progress, answer, near, table, gr.State(shown.end))


def wire(tab: CaptionTab, desk: Desk) -> None:
    """Say what happens when."""
    run = tab.files.change(
        bind(describe, desk.engine, desk.views),
        tab.files,
        [tab.answer, tab.near, tab.table, tab.end],
        show_progress_on=tab.progress,
        **MODEL,
    )
    tab.table.stop(bind(wish, TASK), cancels=[run], **LIGHT)
    tab.samples.pick(bind(picked_sample, desk.shown), None, tab.files, **LIGHT)
    tab.answer.use(bind(end_to_walk), tab.end, desk.walk_ends, **LIGHT)
    desk.opens(tab.near)


def samples_view(shown: Examples) -> View:
    """Return the row of pictures to try."""
    items = [{"src": file_url(path), "words": words} for path, words in shown.samples]
    return {"label": "Or try one that the model drew:", "items": items}


def picked_sample(shown: Examples, event: gr.EventData) -> list[str]:
    """Put the example that was clicked in the frame."""
    path, _ = shown.samples[position_of(event, "position", len(shown.samples))]
    return [handed(path)]


def end_to_walk(end: End | None, event: gr.EventData) -> tuple[Any, ...]:
    """Hand the captioned picture to the Interpolate tab."""
    if end is None:
        raise PictureError("There is no picture yet; drop one in the frame.")
    return filled(end, letter_of(event), gr.Tabs(selected="interpolate"))
