"""The server keeps little of each session, so that many cost little and none pushes another out."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from engrave.ui import forgetting
from engrave.ui.page import build_page, launch_settings
from engrave.ui.page_names import LONGEST_NAME, inner
from engrave.ui.visitors import COOKIE, GUEST
from tests.fakes import fake_engine
from tests.test_ui_visitors import told


@pytest.fixture(scope="module")
def served(uploads: Path) -> Iterator[tuple[gr.Blocks, str]]:
    """A page and its address."""
    page = build_page(fake_engine(), uploads / "no-examples")
    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_settings()
    )
    yield page, address.rstrip("/")
    page.close()


def sessions(page: gr.Blocks) -> dict[str, Any]:
    """Return what the server holds of each session."""
    holder: Any = page.state_holder
    return dict(holder.session_data)


def join(url: str, page: gr.Blocks, name: str, session: Any, data: list[Any]) -> int:
    """Ask for an event as a page does, and wait until it was answered; return the status."""
    (number,) = (key for key, one in page.fns.items() if one.api_name == name)
    body = {"data": data, "fn_index": number, "session_hash": session}
    headers = {"content-type": "application/json"}  # httpx itself sends no half characters
    answer = httpx.post(f"{url}/gradio_api/queue/join", content=json.dumps(body), headers=headers)
    if answer.status_code == 200:
        where = f"{url}/gradio_api/queue/data?session_hash={session}"
        with httpx.stream("GET", where, timeout=60) as lines:
            for line in lines.iter_lines():
                if "process_completed" in line:
                    break
    return answer.status_code


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("search", ["a ship", 3, ""]),
        ("search", ["a" * 9_000, 3, ""]),  # refused
        ("search", []),
        ("generate", ["a ship", 2, 0, 2, 5, "", 1, False]),
    ],
)
def test_a_call_of_a_program_leaves_no_session(
    served: tuple[gr.Blocks, str], name: str, data: list[Any]
) -> None:
    page, url = served
    before = set(sessions(page))
    with httpx.Client(base_url=url, timeout=60) as program:
        assert "event:" in told(program, name, data)
    until = time.monotonic() + 5
    while set(sessions(page)) - before and time.monotonic() < until:
        time.sleep(0.05)
    assert set(sessions(page)) <= before


def test_a_page_is_known_and_what_it_sent_is_not_kept(served: tuple[gr.Blocks, str]) -> None:
    page, url = served
    secret = "unheard-of " * 20
    assert join(url, page, "search", "page-of-ada", [secret, 3, ""]) == 200
    state = sessions(page)[inner("page-of-ada", GUEST)]
    assert not state.config_values and "unheard-of" not in str(vars(state))


@pytest.mark.parametrize(
    "session", ["x" * (LONGEST_NAME + 1), {"a": 1}, 5, ["x"], True, "", "\ud800", "a b", "\n", "é"]
)
def test_a_page_of_a_name_that_no_page_has_is_refused(
    served: tuple[gr.Blocks, str], session: Any
) -> None:
    page, url = served
    before = set(sessions(page))
    assert join(url, page, "search", session, ["a ship", 3, ""]) == 400
    assert set(sessions(page)) == before


def test_an_event_that_is_over_is_not_kept(served: tuple[gr.Blocks, str]) -> None:
    page, url = served
    queue: Any = page._queue
    queue.event_analytics["strange"] = {"function": "\ud800", "session_hash": "\ud800"}
    assert join(url, page, "search", "page-of-otto", ["a ship", 3, ""]) == 200
    until = time.monotonic() + 5
    while queue.event_ids_to_events and time.monotonic() < until:
        time.sleep(0.05)
    assert not queue.event_ids_to_events


def enter(url: str, page: gr.Blocks, session: str, cookies: dict[str, str] | None = None) -> None:
    """Open the page as a browser does, so that the server holds something of it."""
    (number,) = (key for key, one in page.fns.items() if one.name == "entered")
    body = {"data": [], "fn_index": number, "session_hash": session}
    answer = httpx.post(f"{url}/gradio_api/run/x", json=body, timeout=30, cookies=cookies)
    assert answer.status_code == 200


def beat(url: str, session: str) -> None:
    """Begin to tell that a page is open, and leave."""
    with httpx.stream("GET", f"{url}/gradio_api/heartbeat/{session}") as alive:
        next(alive.iter_lines())


def ask_beside_the_line(url: str, session: str) -> None:
    """Ask directly for what is asked for in a line only."""
    body = {"data": ["a ship", 3, ""], "session_hash": session}
    assert httpx.post(f"{url}/gradio_api/run/search", json=body).status_code in (404, 500)


@pytest.mark.parametrize("ask", [beat, ask_beside_the_line])
def test_strangers_push_no_visitor_out(
    served: tuple[gr.Blocks, str],
    ask: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "STRANGERS", 3)
    page, url = served
    holder: Any = page.state_holder
    enter(url, page, "page-of-ida")
    before = {name for name, one in sessions(page).items() if one.state_data}
    monkeypatch.setattr(holder, "capacity", len(before))  # as full as it may be
    for number in range(10):
        ask(url, f"stranger-{number}")
    assert {name for name, one in sessions(page).items() if one.state_data} == before
    assert len(sessions(page)) <= len(before) + 3


def test_a_page_of_the_same_name_is_another_for_another_visitor(
    served: tuple[gr.Blocks, str],
) -> None:
    page, url = served
    visitors: list[dict[str, str]] = [{COOKIE: "ab" * 16}, {COOKIE: "cd" * 16}, {}]
    before = len(sessions(page))
    for _ in range(2):
        for cookies in visitors:
            enter(url, page, "page-of-all", cookies)
    assert len(sessions(page)) == before + len(visitors)
