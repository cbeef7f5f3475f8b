"""Answers that overlap change what is marked on the map together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import gradio as gr
import pytest

from engrave.ui.explore import open_item
from engrave.ui.explore_map import FRESH, Chart, Marks
from engrave.ui.explore_marks import keeping
from engrave.ui.explore_search import ask
from engrave.ui.explore_table import Listing, ticked
from engrave.ui.views import Views
from tests.fakes import fake_engine


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture
def chart(tmp_path: Path) -> Chart:
    """A map over the drawing engine."""
    engine = fake_engine()
    return Chart(engine, Views(engine), tmp_path)


def together(*handlers: Any) -> list[Any]:
    """Let handlers meet between reading the marks and answering, the first time round."""
    gate = Barrier(len(handlers))

    def met(handler: Any) -> Any:
        waits = [True]

        def run(chart: Chart, marks: Marks, *rest: Any) -> Any:
            answer = handler(chart, marks, *rest)
            if waits.pop() if waits else False:
                gate.wait(30)
            return answer

        return keeping(run)

    return [met(handler) for handler in handlers]


def test_opening_one_and_ticking_another_at_once_keeps_both(chart: Chart) -> None:
    marks = dict(FRESH)
    opening, ticking = together(open_item, ticked)
    id = chart.engine.collection.items[7].id
    with ThreadPoolExecutor() as pool:
        first = pool.submit(opening, chart, marks, event(index=7, id=id))
        second = pool.submit(ticking, chart, marks, Listing(), event(index=3, on=True))
        shown, chosen = first.result(30), second.result(30)
    assert marks["focus"] == 7 and marks["selected"]
    assert shown[2] is marks and chosen[2] is marks
    later = max((shown[1], chosen[1]), key=lambda view: bool(view["selected"]) + bool(view["open"]))
    assert later["focus"] == 7 and later["selected"] == marks["selected"]


def test_two_ticks_at_once_are_two(chart: Chart) -> None:
    marks = dict(FRESH)
    ways = together(ticked, ticked)
    with ThreadPoolExecutor() as pool:
        done = [
            pool.submit(way, chart, marks, Listing(), event(index=row, on=True))
            for way, row in zip(ways, (3, 200), strict=True)
        ]
        counts = sorted(one.result(30)[0]["selected"] for one in done)
    assert counts == [1, 2]


def test_a_question_keeps_what_is_open_and_changes_no_other_session(chart: Chart) -> None:
    marks, other = dict(FRESH), dict(FRESH)
    keeping(open_item)(chart, marks, event(index=2, id=chart.engine.collection.items[2].id))

    def asked(chart: Chart, text: str, marks: Marks) -> Any:
        return ask(chart, text, "", None, 1, 1, marks)

    answer = keeping(asked)(chart, "an owl", marks)
    assert answer[2]["focus"] == 2 and answer[1]["found"] == marks["found"] != []
    assert other == FRESH and FRESH["found"] == [] and FRESH["focus"] is None
