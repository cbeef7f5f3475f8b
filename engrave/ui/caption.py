"""The Caption tab: pictures are captioned one after the other, and reviewed on the desk below."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engrave.errors import PictureError
from engrave.image import open_picture
from engrave.progress import Progress
from engrave.review.captioning import Step, caption_all
from engrave.review.inscriptions import can_read, read_inscriptions
from engrave.review.record import MACHINE
from engrave.ui import review, review_desks
from engrave.ui.desk import CAPTIONS, LIGHT, PRIVATE, Desk
from engrave.ui.ends import End, filled
from engrave.ui.examples import Examples
from engrave.ui.files import data_url, file_url, handed
from engrave.ui.house_style import place_style, styled
from engrave.ui.review_session import Session
from engrave.ui.review_views import files_view, table_view
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, reporter, wish
from engrave.ui.theme import STATIC
from engrave.ui.uploads import EXTENSIONS, checked_list
from engrave.ui.views import NOTHING, View, Views
from engrave.ui.widgets import letter_of, position_of, widget

TASK = "caption"
THUMB_PX = 64
APART_S = 0.5  # between two looks at the table of a batch
HINT = "Drop one engraving or a thousand (JPEG, PNG, WebP, TIFF). Each gets captions to review."
EMPTY: View = {"empty": "Drop an engraving on the left, or click one of the examples."}
REVIEW: dict[str, Any] = PRIVATE | {"concurrency_id": "review", "concurrency_limit": 4}
Shown = review.Opened


def describe(
    views: Views,
    session: Session,
    paths: Sequence[str] | str | None,
    draft: str,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> Iterator[Shown]:
    """Caption what was dropped in the frame and not captioned before."""
    report = reporter(TASK, progress, request)
    review.kept(views.engine, session, draft)
    files = checked_list(paths)
    if not files:
        session.seen.clear()  # the same file may be dropped again
        yield EMPTY, NOTHING, table_view(session), gr.skip(), gr.skip(), None
        return
    new = session.enqueue(files)
    if len(new) == 1 and len(session.queue) == 1:
        yield from describe_one(views, session, new[0], report)
    else:
        yield from go_through(views, session, report)


def describe_one(views: Views, session: Session, path: Path, report: Progress) -> Iterator[Shown]:
    """Show the picture, then open it with its captions; raises PictureError where it has none."""
    session.queue.clear()
    picture = open_picture(path)
    waiting = {"src": data_url(picture), "name": path.name, "pending": True}
    yield waiting, NOTHING, gr.skip(), gr.skip(), gr.skip(), None
    report(0.1, f"Looking at {path.name}")
    step = caption_next(views, session, path)
    if step.record is None:
        raise PictureError(step.error)
    session.opened = step.record.key
    yield review.shown(views, session)


def go_through(
    views: Views, session: Session, report: Progress, *, again: bool = False
) -> Iterator[Shown]:
    """Caption what is queued, row by row; the table is looked at now and then."""
    batch, looked = session.begin(), 0.0
    try:
        while session.queue:
            was = session.opened
            with session.taken() as path:
                place = f"{session.done + 1} of {session.whole}: {path.name}"
                report(session.done / max(session.whole, 1), place)
                caption_next(views, session, path, again=again)
            session.done = min(session.done + 1, session.whole)
            if not was and session.opened:
                yield review.shown(views, session)
            elif time.monotonic() - looked > APART_S:
                looked = time.monotonic()
                yield only_table(session)
    finally:
        session.end(batch)
    yield (*only_table(session)[:4], files_view(session), gr.skip())


def caption_next(views: Views, session: Session, path: Path, *, again: bool = False) -> Step:
    """Caption one file into the session."""
    reader = read_inscriptions if session.inscriptions and can_read() else None
    (step,) = caption_all(views.engine, session.project, [path], again=again, reader=reader)
    thumb = data_url(open_picture(path), THUMB_PX) if step.record else ""
    session.keep(step, path, thumb)
    return step


def only_table(session: Session) -> Shown:
    """Return what a batch changes while a person reviews: not what they are writing."""
    return gr.skip(), gr.skip(), table_view(session), gr.skip(), gr.skip(), gr.skip()


def resume(
    views: Views, session: Session, request: gr.Request, progress: gr.Progress = PROGRESS
) -> Iterator[Shown]:
    """Go on with what a batch that was stopped has left."""
    yield from go_through(views, session, reporter(TASK, progress, request))


def rerun(
    views: Views, session: Session, request: gr.Request, progress: gr.Progress = PROGRESS
) -> Iterator[Shown]:
    """Caption anew what nobody has reviewed and what could not be read."""
    unread = session.project.unread
    open_keys = {record.key for record in session.project if record.state == MACHINE}
    paths = [path for key, path in session.paths.items() if key in open_keys]
    paths += [path for path in session.seen if path.name in unread and path.is_file()]
    session.queue = list(dict.fromkeys(paths))
    if not session.queue:
        raise PictureError("There is no picture here that nobody has reviewed; drop one.")
    yield from go_through(views, session, reporter(TASK, progress, request), again=True)
    yield review.shown(views, session)  # what is accepted next must be what stands there now


def halt(session: Session, request: gr.Request) -> View:
    """Stop the batch before its next picture; what it has is kept."""
    wish(TASK, request)
    session.running = False
    return table_view(session)


@dataclass(frozen=True, slots=True)
class CaptionTab:
    """The components of the tab."""

    files: gr.File
    samples: gr.HTML
    progress: gr.HTML
    answer: gr.HTML
    near: gr.HTML
    table: gr.HTML
    editor: gr.HTML
    away: gr.HTML
    project: gr.UploadButton
    style: list[Any]
    apply: gr.Button
    draft: gr.Textbox
    end: gr.State
    session: gr.State


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
                "cards", "picks", samples_view(shown), events=["pick"], elem_id="caption-samples"
            )
            progress = gr.HTML("", elem_id="caption-progress", elem_classes="progress")
            project = gr.UploadButton(
                "Load a project or an export",
                file_types=[".jsonl", ".csv", ".json", ".zip"],
                size="sm",
                elem_id="caption-load",
            )
            style, apply = place_style()
        with gr.Column(scale=7, min_width=280):
            answer = widget(
                "cards",
                "answer",
                shown.answer or EMPTY,
                events=["use", "chart", "take"],
                elem_id="caption-answer",
            )
            near = widget(
                "cards", "neighbours", shown.near, events=["open"], elem_id="caption-near"
            )
    table = widget(
        "review",
        "table",
        NOTHING,
        events=["open", "turn", "stop", "resume", "again"],
        elem_id="caption-table",
    )
    draft = gr.Textbox(visible=False)  # filled by `with_draft` as a request leaves
    editor = widget(
        "review",
        "editor",
        NOTHING,
        events=["save", "judge", "undo", "step", "read"],
        elem_id="caption-editor",
    )
    away = widget("review", "away", NOTHING, events=["export", "fetch"], elem_id="caption-away")
    end, session = gr.State(shown.end), gr.State(Session())
    return CaptionTab(
        files, samples, progress, answer, near, table, editor, away, project, style, apply, draft,
        end, session,
    )  # fmt: skip


def wire(tab: CaptionTab, desk: Desk, page: gr.Blocks) -> None:
    """Say what happens when."""
    views = desk.home  # evidence is what the model was measured with, whatever Explore shows
    every = [tab.answer, tab.near, tab.table, tab.editor, tab.away, tab.end]
    told: dict[str, Any] = {"show_progress_on": tab.progress} | CAPTIONS
    dropped, loaded = [tab.session, tab.files, tab.draft], [tab.session, tab.project, tab.draft]
    applied = [tab.session, *tab.style, tab.draft]
    runs = [
        tab.files.change(bind(describe, views), dropped, every, js=with_draft(3), **told),
        tab.table.resume(bind(resume, views), tab.session, every, **told),
        tab.table.again(bind(rerun, views), tab.session, every, **told),
    ]
    tab.table.stop(bind(halt), tab.session, tab.table, cancels=runs, **LIGHT)
    tab.table.turn(bind(review.turned), tab.session, tab.table, **LIGHT)
    for event, handler in (
        (tab.table.open, review.opened),
        (tab.editor.save, review.saved),
        (tab.editor.judge, review.judged),
        (tab.editor.undo, review.undone),
        (tab.editor.step, review.stepped),
        (tab.editor.read, review.read_words),
        (tab.answer.take, review.taken),
    ):
        event(bind(handler, views), tab.session, every, show_progress="hidden", **REVIEW)
    tab.away.export(bind(review.exported), tab.session, tab.away, show_progress="hidden", **REVIEW)
    tab.away.fetch(bind(review.fetched), tab.session, tab.table, **LIGHT)
    tab.project.upload(
        bind(review.loaded, views), loaded, every + tab.style[:4], js=with_draft(3), **REVIEW
    )
    tab.apply.click(bind(styled, views), applied, every, js=with_draft(len(applied)), **REVIEW)
    tab.samples.pick(bind(picked_sample, desk.shown), None, tab.files, **LIGHT)
    tab.answer.use(bind(end_to_walk), tab.end, desk.walk_ends, **LIGHT)
    desk.opens(tab.near)
    review_desks.wire(page, views, tab.session, every, tab.style[:4])


def with_draft(count: int) -> str:
    """Return JavaScript that sends what is written in the editor as the last of `count` inputs."""
    address = json.dumps(file_url(STATIC / "review.js"))
    return (
        "async (...given) => {"
        f"const desk = await import(new URL({address}, document.baseURI).href);"
        f"return [...given.slice(0, {count - 1}), JSON.stringify(desk.draft())];"
        "}"
    )


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
