"""The caption desk for programs: a batch with its evidence, and a project in any format.

Nothing is kept here between two calls: the project is a file that goes back and forth.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.access import alone
from engrave.engine import Engine
from engrave.errors import PictureError, PromptError, ReviewError
from engrave.limits import clean_text
from engrave.review.captioning import caption_all, key_of
from engrave.review.deciding import reviewed
from engrave.review.exports.archives import folder_pictures
from engrave.review.exports.formats import FORMATS, format_named, meant, read_back
from engrave.review.exports.rows import mark_of
from engrave.review.inscriptions import check_reader, read_inscriptions
from engrave.review.project import Project, merged, read_project
from engrave.review.record import LABELS, Record
from engrave.review.style import style_from_json
from engrave.ui.api import Facts, publish
from engrave.ui.desk import CAPTIONS_LINE
from engrave.ui.files import written
from engrave.ui.review import PROJECT
from engrave.ui.review_views import belief_in, words_view
from engrave.ui.speech import bind
from engrave.ui.uploads import EXTENSIONS, checked, checked_list

MOST = 50  # pictures of one call: others wait for the model meanwhile
MOST_RECORDS = 5_000  # of a project that is sent to a server which others use too
# an answer lies in memory until it is fetched; the project beside it has all records
MOST_TOLD, MOST_TOLD_BYTES = 200, 2_000_000
READ = [".jsonl", ".csv", ".json", ".zip"]
REVIEW: dict[str, Any] = {"concurrency_id": "review", "concurrency_limit": 2}


def caption_batch(
    engine: Engine,
    files: list[str] | None = None,
    project: str | None = None,
    again: bool = False,
    printed_words: bool = False,
    style: Facts | None = None,
) -> tuple[str, Facts]:
    """Caption pictures into a project, each with the five nearest engravings as evidence.

    Args:
        files: pictures, at most 50 a call (JPEG, PNG, WebP, TIFF, GIF or BMP, at most 30 MB each).
        project: a project or an export of an earlier call; what it has is not captioned again.
        again: caption anew what nobody has reviewed.
        printed_words: read the words inside of the plates too, which is slower.
        style: the house style: min_words, max_words, banned, unseen, terms (pairs of a term and
            the preferred one).

    Returns:
        the project (JSON lines, for /export_captions, the Caption tab or `engrave review`), and
        records (as `engrave review --json` prints them, with how far each caption can be believed
        and what speaks for each word), new (how many were written), unread (name and reason).
    """
    paths = checked_list(files)
    if not paths:
        raise PictureError("There is no picture; send one or more as files.")
    if len(paths) > MOST:
        raise PictureError(
            f"These are {len(paths)} pictures and a call takes {MOST}; send the rest in further "
            "calls, each with the project that the last one gave back."
        )
    held = project_of(project)
    if style is not None:
        held.restyle(style_from_json(style))
    if printed_words:
        check_reader()
    reader = read_inscriptions if printed_words else None
    steps = list(caption_all(engine, held, paths, again=again, reader=reader))
    facts = tellable([step.record for step in steps if step.record is not None]) | {
        "new": sum(step.new for step in steps),
        "unread": {step.name: step.error for step in steps if step.record is None},
    }
    return saved(held), facts


def review_captions(
    engine: Engine,
    project: str | None = None,
    names: Facts | list[str] | None = None,
    decision: str = "",
    reviewer: str = "",
    texts: Facts | None = None,
    only: Facts | list[str] | None = None,
) -> tuple[str, Facts]:
    """Accept or reject captions of a project, or write texts into one, as `engrave review` does.

    Args:
        project: a project of /caption_batch or of the Caption tab, or an export, as edited.
        names: list of file names or keys; ["all"] for all that are still open; none for a look.
        decision: accepted or rejected; none leaves it open.
        reviewer: who decides.
        texts: what is written into the one named: caption, alt, title, printed, tags.
        only: list of texts that the decision is about, such as ["caption"]; none for all.

    Returns:
        the project as it is now, and records (those named, the first 200 of them), left_out (how
        many of those named the project alone has) and states (how many are in each).
    """
    held = needed_project(project)
    chosen = reviewed(
        held, listed(names), texts=texts_of(texts), decision=clean_text(decision),
        reviewer=reviewer, wake=lambda: engine, only=listed(only),
    )  # fmt: skip
    return saved(held), tellable(chosen) | {"states": held.counts()}


def export_captions(
    project: str | None = None,
    format: str = "csv",
    files: list[str] | None = None,
    everything: bool = False,
    canvas: str = "",
) -> tuple[str, Facts]:
    """Write the accepted captions of a project in one format, as `engrave review --export` does.

    Args:
        project: a project of /caption_batch or of the Caption tab, or an export, as edited.
        format: csv, jsonl, imagefolder, texts, annotations or xmp.
        files: the pictures, for imagefolder and xmp.
        everything: all captions, marked, and not only the accepted ones.
        canvas: for annotations, the address of a IIIF canvas with {stem}, {file} or {key}.

    Returns:
        the file, and count (captions in it) and states (how many captions are in each state).
    """
    held, form = needed_project(project), format_named(format)
    records = meant(list(held), everything)
    paths = {key_of(path.read_bytes()): path for path in checked_list(files)}
    pictures, place = folder_pictures(paths), clean_text(canvas)
    file = written(lambda out: form.write(records, pictures, place, out), f"captions{form.suffix}")
    return str(file), {"count": len(records), "states": held.counts()}


def saved(project: Project) -> str:
    """Return where the file of a project lies."""
    return str(written(lambda out: out.writelines(map(str.encode, project.lines())), PROJECT))


def needed_project(path: str | None) -> Project:
    """Return the project of a file; raises PictureError where none was sent."""
    if not path:
        raise PictureError("There is no project; send one that /caption_batch gave back.")
    return project_of(path)


def listed(names: object) -> list[str]:
    """Return names, from a list of texts or from one."""
    found = [names] if isinstance(names, str) else names or []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise PromptError('The names are no list of texts; send for example ["plate-7.png"].')
    return found


def texts_of(page: object) -> Facts:
    """Return texts by what they are; raises PromptError where it is something else."""
    if page and not (isinstance(page, dict) and page.keys() <= LABELS.keys()):
        raise PromptError(f"These are no texts of a picture; send some of {', '.join(LABELS)}.")
    return dict(page) if isinstance(page, dict) else {}


def project_of(path: str | None) -> Project:
    """Return the project of a file that the visitor sent or was given, or an empty one."""
    if not path:
        return Project()
    file: Path = checked(path)
    data = file.read_bytes()
    lines = data.count(b"\n")
    if alone() and lines > MOST_RECORDS:
        raise ReviewError(
            f"This project has {lines:,} lines and at most {MOST_RECORDS:,} are read at once on a "
            "server that others use too; split it, or run Engrave on a machine of your own."
        )
    if file.suffix == ".jsonl" and b'"engrave-review"' in data[:80]:
        return read_project(data)
    held = Project()
    merged(held, read_back(data, file.name))
    return held


def tellable(records: Sequence[Record]) -> Facts:
    """Return the first records as plain data, and how many that leaves out."""
    found: list[Facts] = []
    size = 0
    for record in records[:MOST_TOLD]:
        page = told(record)
        size += len(json.dumps(page))
        if size > MOST_TOLD_BYTES:
            break
        found.append(page)
    return {"records": found, "left_out": len(records) - len(found)}


def told(record: Record) -> Facts:
    """Return a record as plain data, with its mark, its belief and its words."""
    first = record.machine.candidates[0] if record.machine.candidates else None
    if first is None:
        return record.as_json() | {"mark": mark_of(record)}
    words = {"words": words_view(first, record)}
    return record.as_json() | {"mark": mark_of(record)} | belief_in(record, first) | words


def add_review_endpoints(engine: Engine) -> None:
    """Publish the three endpoints; call it inside of the page."""
    with gr.Column(visible=False):
        pictures = gr.File(label="files", file_types=EXTENSIONS, file_count="multiple")
        batch = [
            pictures,
            gr.File(label="project", file_types=READ),
            gr.Checkbox(False, label="again"),
            gr.Checkbox(False, label="printed_words"),
            gr.JSON(label="style"),
        ]
        made = [gr.File(label="project"), gr.JSON(label="records")]
        publish("caption_batch", bind(caption_batch, engine), batch, made, CAPTIONS_LINE)
        review = [
            gr.File(label="project", file_types=READ),
            gr.JSON(label="names"),
            gr.Textbox("", label="decision: accepted or rejected"),
            gr.Textbox("", label="reviewer"),
            gr.JSON(label="texts"),
            gr.JSON(label="only"),
        ]
        done = [gr.File(label="project"), gr.JSON(label="records")]
        publish("review_captions", bind(review_captions, engine), review, done, REVIEW)
        export = [
            gr.File(label="project", file_types=READ),
            gr.Textbox("csv", label=f"format: {', '.join(FORMATS)}"),
            gr.File(label="files", file_types=EXTENSIONS, file_count="multiple"),
            gr.Checkbox(False, label="everything"),
            gr.Textbox("", label="canvas"),
        ]
        written = [gr.File(label="export"), gr.JSON(label="facts")]
        publish("export_captions", bind(export_captions), export, written, REVIEW)
