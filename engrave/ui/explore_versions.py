"""Changes own collections from the page: back to a version, away with it, other words for a
picture."""

from typing import Any

import gradio as gr

from engrave.access import refuse_changes
from engrave.errors import CollectionError, PromptError
from engrave.shelf.records import Holding
from engrave.shelf.shelf import Edit
from engrave.ui.desk import SHELF
from engrave.ui.explore import show_item
from engrave.ui.explore_map import FRESH, Marks, bits_text, rows_of_bits
from engrave.ui.explore_shelf import Keeper, Shown, chooser_view, versions_view
from engrave.ui.explore_table import Listing, choice_view
from engrave.ui.sessions import SHIPPED, Session
from engrave.ui.speech import bind
from engrave.ui.widgets import position_of, widget

MOST_FACETS = 60
LONGEST_NAME = 60  # of a facet


def place() -> gr.HTML:
    """Lay out the list of versions."""
    return widget("shelf", "versions", {}, events=["undo", "remove"], elem_id="versions")


def wire(keeper: Keeper) -> None:
    """Say what happens when."""
    session, tab, versions = keeper.sessions.session, keeper.tab, keeper.versions
    whole = SHELF | {"show_progress_on": versions}
    keeper.relearn(versions.undo(bind(undone, session, keeper), None, keeper.parts, **whole))
    keeper.relearn(versions.remove(bind(removed, session, keeper), None, keeper.parts, **whole))
    shown = [
        keeper.head.chooser, versions, tab.map, tab.detail, tab.choice, tab.marks, tab.listing,
        tab.clusters,
    ]  # fmt: skip
    known, one = [tab.marks, tab.listing], SHELF | {"show_progress_on": tab.detail}
    keeper.relearn(tab.detail.edit(bind(edited, session), known, shown, **one))
    keeper.relearn(tab.detail.discard(bind(discarded, session), known, shown, **one))


def undone(session: Session, keeper: Keeper, event: gr.EventData) -> Shown:
    """Take the last import or edit back, or go to a version."""
    data = event._data if isinstance(event._data, dict) else {}
    to = data.get("to")
    if to is not None and (isinstance(to, bool) or not isinstance(to, int)):
        raise PromptError("This version is no longer here; choose the collection again.")
    name = own_name(session)
    version = session.shelf.undo(name, to)
    if not version.rows:
        gr.Info(f"“{name}” holds no picture now; its versions are there when you import more.")
        return keeper.looked(session, SHIPPED)
    return keeper.looked(session, name)


def removed(session: Session, keeper: Keeper, event: gr.EventData) -> Shown:
    """Delete a collection with all its versions, once that was confirmed."""
    data = event._data if isinstance(event._data, dict) else {}
    name = own_name(session)
    if data.get("sure") != name:
        raise PromptError(f"Nothing brings “{name}” back; confirm that it shall be removed.")
    session.shelf.remove(name)
    return keeper.looked(session, SHIPPED)


def edited(
    session: Session, marks: Marks, listing: Listing, event: gr.EventData
) -> tuple[Any, ...]:
    """Change the words of a picture."""
    data = event._data if isinstance(event._data, dict) else {}
    name, item = meant(session, event)
    facets = data.get("facets")
    pairs = facets.items() if isinstance(facets, dict) else ()
    kept = {" ".join(str(key).split()): str(value) for key, value in pairs}
    if len(kept) > MOST_FACETS or any(not 0 < len(key) <= LONGEST_NAME for key in kept):
        raise PromptError(
            f"A picture has up to {MOST_FACETS} facets, each with a name of up to {LONGEST_NAME} "
            "characters; shorten them."
        )
    words = {key: str(data[key]) for key in ("caption", "title") if key in data}
    session.shelf.edit(name, {item.id: Edit(**words, facets=kept)})
    return changed(session, marks, listing, item.id)


def discarded(
    session: Session, marks: Marks, listing: Listing, event: gr.EventData
) -> tuple[Any, ...]:
    """Take a picture out of its collection."""
    name, item = meant(session, event)
    if len(session.chart.engine.collection) == 1:
        raise PromptError("This is the last picture; remove the collection instead.")
    session.shelf.delete(name, [item.id])
    return changed(session, marks, listing, None)


def changed(session: Session, marks: Marks, listing: Listing, id: str | None) -> tuple[Any, ...]:
    """Show a collection after a change, with what was found and selected before."""
    before = session.chart.engine.collection
    session.look_at(session.name)
    chart, after = session.chart, session.chart.engine.collection
    moved = [after.row(item.id) for item in before.items]

    def kept(rows: list[int]) -> list[int]:
        return [row for old in rows if (row := moved[old]) is not None]

    focus = after.row(id) if id else 0
    picked = kept(rows_of_bits(marks["selected"], len(before)))
    marks = FRESH | marks | {
        "found": kept(marks["found"]), "stops": kept(marks["stops"]),
        "selected": bits_text(picked, len(after)), "focus": focus,
    }  # fmt: skip
    if len(after) != len(before):
        marks |= {"scores": "", "path": []}
    heads = chooser_view(session), versions_view(session), chart.view(marks)
    detail = show_item(chart, focus or 0)
    return *heads, detail, choice_view(chart, marks, listing), marks, listing, {}


def own_name(session: Session) -> str:
    """Return the own collection that is looked at and may be changed."""
    refuse_changes()
    if not session.own:
        raise CollectionError("This cannot be changed; choose one own collection at the top.")
    return session.name


def meant(session: Session, event: gr.EventData) -> tuple[str, Holding]:
    """Return the collection and the picture that an event means."""
    collection = session.chart.engine.collection
    name, item = own_name(session), collection.item(position_of(event, "index", len(collection)))
    if not isinstance(item, Holding):
        raise CollectionError(
            "These pictures cannot be changed here; choose the collection that they are of."
        )
    return name, item
