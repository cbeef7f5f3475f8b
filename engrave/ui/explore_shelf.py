"""The head of the Explore tab: which collection is looked at, and all that shows it."""

from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from engrave.access import read_only
from engrave.errors import CollectionError
from engrave.ui.desk import LIGHT, MODEL
from engrave.ui.explore import ExploreTab, show_item
from engrave.ui.explore_map import FRESH, Marks, calibrated, learnt
from engrave.ui.explore_table import Listing, choice_view
from engrave.ui.sessions import SHIPPED, Session, Sessions
from engrave.ui.speech import bind
from engrave.ui.views import View
from engrave.ui.widgets import widget

Shown = tuple[Any, ...]  # updates of all that shows a collection, in the order of Keeper.parts


@dataclass(frozen=True, slots=True)
class First:
    """What is open in the collection that everybody begins with."""

    detail: View
    focus: int | None


@dataclass(frozen=True, slots=True)
class ShelfHead:
    """The components at the head of the tab."""

    chooser: gr.HTML
    token: gr.State


@dataclass(frozen=True, slots=True)
class Keeper:
    """What whoever shows another collection has to change on the page."""

    sessions: Sessions
    head: ShelfHead
    tab: ExploreTab
    versions: gr.HTML
    compared: gr.HTML
    first: First

    @property
    def parts(self) -> list[Any]:
        """All components that change with the collection."""
        tab = self.tab
        return [
            self.head.chooser, self.versions, tab.map, tab.clusters, tab.detail, tab.choice,
            tab.marks, tab.listing, tab.made, tab.text, tab.less, tab.file,
        ]  # fmt: skip

    def relearn(self, event: Any) -> None:
        """Work out what the map says of itself once another one is shown."""
        chart = self.sessions.chart
        known = event.success(bind(learnt, chart), None, self.tab.clusters, **LIGHT)
        known.success(bind(calibrated, chart), None, None, **LIGHT)

    def looked(self, session: Session, name: str) -> Shown:
        """Look at a collection as it is now, and return all that shows it."""
        session.look_at(name)
        return self.shown(session)

    def shown(self, session: Session, more: View | None = None) -> Shown:
        """Return all that shows what is looked at, afresh."""
        chart, first = session.chart, self.first
        marks: Marks = FRESH | {"focus": first.focus if chart.name == SHIPPED else 0}
        detail = first.detail if chart.name == SHIPPED else show_item(chart, 0)
        listing = Listing()
        plot = chart.view(marks) | (more or {})
        heads = chooser_view(session), versions_view(session)
        rest = marks, listing, None, "", "", None
        return *heads, plot, {}, detail, choice_view(chart, marks, listing), *rest


def place(sessions: Sessions) -> ShelfHead:
    """Lay out the head of the tab."""
    shown = chooser_view(sessions.of(None))
    chooser = widget("shelf", "chooser", shown, events=["pick"], elem_id="chooser")
    # its deletion is how Gradio tells that a page was closed
    token = gr.State(None, delete_callback=sessions.leave)
    return ShelfHead(chooser, token)


def wire(keeper: Keeper, page: gr.Blocks) -> None:
    """Say what happens when."""
    session, head = keeper.sessions.session, keeper.head
    page.load(bind(entered, session), None, [head.token, head.chooser], **LIGHT)
    run = bind(choose, session, keeper)
    for trigger in (head.chooser.pick, keeper.tab.map.elsewhere):
        keeper.relearn(trigger(run, None, keeper.parts, show_progress_on=head.chooser, **MODEL))


def entered(session: Session, request: gr.Request) -> tuple[str, View]:
    """Greet a page that was opened."""
    if session.home is not None and session.home.is_dir():
        session.stay()  # with what this browser imported before the page was opened anew
    return str(request.session_hash), chooser_view(session)


def choose(session: Session, keeper: Keeper, event: gr.EventData) -> Shown:
    """Look at another collection; a link to one that is not here changes nothing."""
    data = event._data if isinstance(event._data, dict) else {}
    name = data.get("name")
    try:
        return keeper.looked(session, name if isinstance(name, str) else SHIPPED)
    except CollectionError as error:
        if data.get("linked") is not True:
            raise
        gr.Warning(str(error))
        return keeper.shown(session, {"missing": name})


def chooser_view(session: Session) -> View:
    """Return the list of collections, with what is known of each."""
    return {
        "chosen": session.name,
        "label": session.chart.engine.collection.label.name,
        "shipped": len(session.shipped.engine.collection),
        "own": [asdict(one) for one in session.standings()],
        "private": session.private,
    }


def versions_view(session: Session) -> View:
    """Return the versions of the collection that is looked at, newest first."""
    name = session.name
    if not session.own:
        return {}
    journal = session.shelf.journal(name)
    listed = [
        {"number": one.number, "what": one.what, "time": one.time, "pictures": one.rows}
        for one in reversed(journal.versions)
    ]
    return {
        "name": name, "versions": listed, "complete": journal.complete,
        "undo": not journal.complete or journal.current.before >= 0, "fixed": read_only(),
    }  # fmt: skip
