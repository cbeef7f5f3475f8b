"""Imports pictures from the page into an own collection: what was dropped, or what lies at an IIIF
address."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engrave.access import alone, read_only, refuse_changes
from engrave.errors import PictureError, PromptError
from engrave.limits import one_line
from engrave.progress import Progress, part
from engrave.shelf.importer import Importer, Report
from engrave.shelf.names import checked_name, name_from
from engrave.sources import Source
from engrave.sources.addresses import allowed_hosts
from engrave.ui.desk import LIGHT, PRIVATE
from engrave.ui.explore_map import FRESH, Marks
from engrave.ui.explore_shelf import Keeper, Shown, chooser_view
from engrave.ui.inbox import sources
from engrave.ui.sessions import Session
from engrave.ui.speech import bind
from engrave.ui.stops import PROGRESS, Stopped, others_wait, reporter, wish
from engrave.ui.uploads import EXTENSIONS
from engrave.ui.views import NOTHING, View
from engrave.ui.widgets import widget

LONGEST_ADDRESS = 2000
TASK = "import"
IMPORT: dict[str, Any] = PRIVATE | {"concurrency_id": "import", "concurrency_limit": 1}
OTHERS = [".zip", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".json"]
MOST_ALONE = 5_000  # pictures of one session, where each has a shelf of its own
TURN_S = 60.0  # of one import there, where others wait
LISTED = 200  # files that could not be read, on the page
HINT = (
    "Drop pictures, a ZIP of pictures, a CSV or JSON lines table with its pictures, or IIIF "
    "manifests, up to 400 MB at once. "
)
OTHERS_WAIT = "Others wait to import, so it was their turn."
HERE = "For more, `python -m engrave import FOLDER --name NAME` on this machine."
ALONE = "A file may have 30 MB; what you import is seen by you alone, and deleted after your visit."
NO_HOSTS = "Addresses: this server fetches from no host; whoever runs it can name some."


@dataclass(frozen=True, slots=True)
class ImportTab:
    """The components of the tab."""

    files: gr.File
    address: gr.Textbox
    name: gr.Textbox
    captions: gr.Checkbox
    run: gr.Button
    stop: gr.Button
    progress: gr.HTML
    report: gr.HTML


def place() -> ImportTab:
    """Lay out the tab."""
    hosts = allowed_hosts()
    with gr.Row(elem_classes="halves"):
        with gr.Column(scale=6, min_width=280):
            gr.Markdown(HINT + (ALONE if alone() else HERE), elem_classes="hint")
            files = gr.File(
                file_count="multiple",
                file_types=[*EXTENSIONS, *OTHERS],
                label="Pictures to import",
                show_label=False,
                height=150,
                elem_id="import-files",
                elem_classes="drop",
            )
        with gr.Column(scale=5, min_width=280):
            name = gr.Textbox(
                label="Name of the collection",
                info="A new one, or one that is there to add to it.",
                placeholder="my-prints",
                elem_id="import-name",
            )
            address = gr.Textbox(
                label="Or the address of an IIIF manifest or collection",
                info=f"At {', '.join(hosts)}" if hosts else NO_HOSTS,
                placeholder="https://…/manifest.json",
                interactive=bool(hosts),
                elem_id="import-address",
            )
            captions = gr.Checkbox(
                False,
                label="Let the model write captions where there are none",
                info="Takes several times as long; they can be written later.",
                elem_id="import-captions",
            )
    with gr.Row(elem_classes="run-row"):
        run = gr.Button("Import", variant="primary", elem_id="import", scale=0, min_width=150)
        stop = gr.Button("Stop", elem_id="import-stop", scale=0, min_width=80)
        progress = gr.HTML("", elem_id="import-progress", elem_classes="progress")
    report = widget("shelf", "report", NOTHING, elem_id="import-report")
    return ImportTab(files, address, name, captions, run, stop, progress, report)


def wire(tab: ImportTab, keeper: Keeper) -> None:
    """Say what happens when."""
    session = keeper.sessions.session
    asked = [tab.files, tab.address, tab.name, tab.captions]
    done = gr.on(
        [tab.run.click, tab.name.submit, tab.address.submit],
        bind(imported, session, keeper),
        asked,
        [tab.report, *keeper.parts],
        show_progress_on=tab.progress,
        **IMPORT,
    )
    tab.stop.click(bind(wish, TASK), None, None, **LIGHT)
    keeper.relearn(done)
    map_parts = [keeper.tab.map, keeper.tab.marks, keeper.tab.clusters, keeper.head.chooser]
    drawn = done.success(
        bind(redrawn, session, keeper), keeper.tab.marks, map_parts,
        show_progress_on=tab.progress, **IMPORT,
    )  # fmt: skip
    keeper.relearn(drawn)


def imported(
    session: Session,
    keeper: Keeper,
    files: Sequence[str] | None,
    address: str,
    name: str,
    captions: bool,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> tuple[View, *Shown]:
    """Import what was given, or go on with it, and look at the collection."""
    refuse_changes()
    session.stay()
    report = in_turn(session, reporter(TASK, progress, request, outlives=not session.private))
    report(0.0, "Opening what is to be imported")
    address, name = typed(address), typed(name)
    with sources(files, address) as (found, origin):
        name = checked_name(name_from(name)) if name else name_from(found[0].name)
        room = admitted(session, found, name)
        view = run(session, found, origin, name, captions, report, room)
    empty = not session.shelf.standing(name).pictures  # it was stopped at once
    return view, *(keeper.shown(session) if empty else keeper.looked(session, name))


def in_turn(session: Session, report: Progress) -> Progress:
    """Return a teller that ends an import once others have waited long enough, on a server where
    visitors know nothing of each other."""
    over = time.monotonic() + TURN_S

    def tell(share: float, words: str) -> None:
        if session.private and time.monotonic() > over and others_wait():
            raise Stopped(OTHERS_WAIT)
        report(share, words)

    return tell


def typed(text: object) -> str:
    """Return what was typed on one line; raises PromptError for what nobody types."""
    text = "" if text is None else text
    if not isinstance(text, str) or len(text) > LONGEST_ADDRESS:
        raise PromptError(
            f"A name or an address has up to {LONGEST_ADDRESS:,} characters; type it again."
        )
    return one_line(text)


def admitted(session: Session, found: Sequence[Source], name: str) -> int | None:
    """Return how many pictures a visitor may add to a server that others use too, None for any
    number; raises PromptError where it is known beforehand that these are too many."""
    if not session.private:
        return None
    held = {one.name: one.pictures for one in session.standings()}
    # what an import that was stopped has read already comes once more in its source
    others = sum(pictures for other, pictures in held.items() if other != name)
    count = others + sum(source.count or 0 for source in found)
    room = MOST_ALONE - sum(held.values())
    if count > MOST_ALONE or (room <= 0 and name not in held):
        raise PromptError(
            f"These would be {max(count, MOST_ALONE + 1):,} pictures and a visitor has room for "
            f"{MOST_ALONE:,} here; import fewer, or run Engrave on a machine of your own."
        )
    return max(room, 0)


def run(
    session: Session,
    found: Sequence[Source],
    origin: str,
    name: str,
    captions: bool,
    report: Progress,
    room: int | None = None,
) -> View:
    """Import sources one after the other; return what the page says of it."""
    studio = session.shipped.engine.studio
    importer = Importer(session.shelf, studio, captions=captions, room=room)
    done: list[Report] = []
    try:
        for number, source in enumerate(found):
            share = part(report, number / len(found), (number + 1) / len(found))
            own = f"{origin} {number}" if number else origin
            done.append(importer.run(source, name, origin=own, progress=share))
    except Stopped as error:
        return {"name": name, "stopped": True, "why": str(error), **tally(done)}
    if name not in session.shelf:
        key, why = next((one for each in done for one in each.unread), ("", "It is empty."))
        raise PictureError(f"No picture could be read, so nothing was imported. {key}: {why}")
    return {"name": name, "stopped": False, **tally(done)}


def tally(done: Sequence[Report]) -> View:
    """Return what imports came to, together."""
    unread = [one for each in done for one in each.unread]
    return {
        "added": sum(one.added for one in done),
        "present": sum(one.present for one in done),
        "updated": sum(one.updated for one in done),
        "captioned": sum(one.captioned for one in done),
        "twins": sum(len(one.twins) for one in done),
        "pictures": done[-1].pictures if done else 0,
        "seconds": sum(one.seconds for one in done),
        "unread": [{"file": key, "why": why} for key, why in unread[:LISTED]],
        "failed": len(unread),
    }


def redrawn(
    session: Session,
    keeper: Keeper,
    marks: Marks,
    request: gr.Request,
    progress: gr.Progress = PROGRESS,
) -> tuple[Any, ...]:
    """Draw the true map of a collection that has but the simple one; what is marked stays."""
    name = session.name
    if not session.own or read_only() or not session.shelf.wants_map(name):
        return (gr.skip(),) * 4
    try:
        outlives = not session.private
        session.shelf.draw_map(name, reporter(TASK, progress, request, outlives=outlives))
    except Stopped:
        return (gr.skip(),) * 4
    if session.name != name:
        return (gr.skip(),) * 4
    session.look_at(name)
    marks = FRESH | marks | {"places": [], "path": []}
    return session.chart.view(marks), marks, {}, chooser_view(session)
