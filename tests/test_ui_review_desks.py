"""A page that comes back finds its desk; no other browser and no other name does."""

from pathlib import Path
from typing import cast

import gradio as gr
import pytest

from engrave.review.captioning import caption_all
from engrave.ui.review_desks import Desks, back
from engrave.ui.review_session import Session
from engrave.ui.views import Views
from tests.fakes import fake_engine, noise

VIEWS = Views(fake_engine())
ANNA, BERT = "a" * 32, "b" * 32


def request(page: str, cookie: str = ANNA, name: str | None = None) -> gr.Request:
    """Return a request of a page of somebody's browser."""
    cookies = {"engrave-visitor": cookie} if cookie else {}
    return gr.Request(session_hash=page, cookies=cookies, username=name)


@pytest.fixture
def full(tmp_path: Path) -> Session:
    """A desk with a picture."""
    session = Session()
    list(caption_all(fake_engine(), session.project, [noise(tmp_path / "a.png")]))
    session.running = True
    return session


def test_a_reload_finds_the_desk_and_all_that_shows_it(full: Session) -> None:
    desks = Desks()
    assert desks.find(full, "tab", request("one")) is full
    found, *shown = back(VIEWS, desks, Session(), "tab", request("two"))
    assert found is full and not full.running
    assert [row["file"] for row in shown[2]["rows"]] == ["a.png"] and len(shown) == 10


@pytest.mark.parametrize(
    "other",
    [request("two", BERT), request("two", ""), request("two", ANNA, "bert")],
    ids=["browser", "guest", "name"],
)
def test_nobody_else_finds_it(full: Session, other: gr.Request) -> None:
    desks, fresh = Desks(), Session()
    desks.find(full, "tab", request("one", ANNA, "anna"))
    desks.leave(request("one"))
    assert desks.find(fresh, "tab", other) is fresh


def test_guests_share_nothing(full: Session) -> None:
    desks, fresh = Desks(), Session()
    desks.find(full, "tab", request("one", ""))
    assert desks.find(fresh, "tab", request("one", "")) is fresh


def test_another_tab_gets_a_desk_of_its_own_until_the_first_is_closed(full: Session) -> None:
    desks, fresh = Desks(), Session()
    desks.find(full, "tab", request("one"))
    assert desks.find(fresh, "other", request("two")) is fresh
    desks.leave(request("two"))  # empty: there is nothing to come back to
    desks.leave(request("one"))
    assert desks.find(Session(), "third", request("three")) is full
    assert desks.find(fresh, "fourth", request("four")) is fresh


def test_a_page_that_told_its_end_late_takes_nothing_from_the_next(full: Session) -> None:
    desks, fresh = Desks(), Session()
    desks.find(full, "tab", request("one"))
    desks.find(Session(), "tab", request("two"))  # the reload was faster
    desks.leave(request("one"))
    assert desks.find(fresh, "other", request("three")) is fresh


def test_what_nobody_comes_back_to_is_forgotten(full: Session) -> None:
    desks, fresh = Desks(idle_s=0.0), Session()
    desks.find(full, "tab", request("one"))
    desks.leave(request("one"))
    assert desks.find(fresh, "tab", request("two")) is fresh


@pytest.mark.parametrize("tab", [None, 7, ["tab"], "", "x" * 10_000])
def test_any_name_of_a_tab_is_borne(tab: object, full: Session) -> None:
    desks, fresh = Desks(), Session()
    desks.find(full, "tab", request("one"))
    assert desks.find(fresh, cast(str, tab), request("two")) is fresh
