"""Sets two collections on one map, with what is near what and what one of them lacks."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from engrave.collection.pair import Near, Pair, meeting
from engrave.errors import PromptError
from engrave.ui.desk import LONG
from engrave.ui.explore_map import Chart
from engrave.ui.explore_shelf import Keeper, Shown
from engrave.ui.sessions import ANEW, OVER, Session
from engrave.ui.speech import bind
from engrave.ui.views import View
from engrave.ui.widgets import widget

LISTED = 12  # pairs in each list


def place() -> gr.HTML:
    """Lay out the comparison."""
    return widget("compare", "compare", {}, events=["compare", "open"], elem_id="compare")


def wire(keeper: Keeper, opens: Any) -> None:
    """Say what happens when."""
    box = keeper.compared
    run = bind(compared, keeper.sessions.session, keeper)
    keeper.relearn(box.compare(run, None, [box, *keeper.parts], show_progress_on=box, **LONG))
    opens(box)


def compared(session: Session, keeper: Keeper, event: gr.EventData) -> tuple[View, *Shown]:
    """Put two collections on one map."""
    data = event._data if isinstance(event._data, dict) else {}
    first, second = data.get("first"), data.get("second")
    if not isinstance(first, str) or not isinstance(second, str):
        raise PromptError("Choose two collections to compare.")
    if first == second:
        raise PromptError("These are one and the same; choose two collections to compare.")
    sign = ANEW if data.get("anew") is True else OVER
    parts = keeper.looked(session, f"{first}{sign}{second}")
    return meeting_view(session.chart), *parts


def meeting_view(chart: Chart) -> View:
    """Return how the two collections of a map meet."""
    pair = chart.engine.collection
    assert isinstance(pair, Pair)
    found = meeting(pair, LISTED)

    def rows(side: Sequence[Near]) -> list[View]:
        return [
            {"one": shown(chart, near.index), "other": shown(chart, near.other),
             "cosine": near.cosine}
            for near in side
        ]  # fmt: skip

    return {
        "names": pair.names, "words": found.words, "alike": rows(found.alike),
        "only": [rows(found.only_first), rows(found.only_second)],
    }  # fmt: skip


def shown(chart: Chart, index: int) -> View:
    """Return one engraving as the lists show it."""
    own = chart.views.neighbour(chart.engine.collection.neighbour(index))
    kept = ("index", "id", "caption", "thumb", "book", "original", "imported")
    return {name: own[name] for name in kept}
