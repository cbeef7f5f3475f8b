"""An answer that nobody fetches goes after some minutes; one that is waited for does not."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from engrave.ui import unread
from engrave.ui.page import build_page
from tests.fakes import fake_engine
from tests.servers import shown
from tests.test_lines import wait_until

SEARCH = ["a ship", 3, ""]


@pytest.fixture
def served(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[gr.Blocks, str]]:
    """A page that keeps answers for a second, and its address."""
    monkeypatch.setattr(unread, "KEPT_S", 1.0)
    page = build_page(fake_engine(), uploads / "no-examples")
    with shown(page) as address:
        yield page, f"{address}/gradio_api"


def held(page: gr.Blocks) -> set[str]:
    """Return for whom something is kept: pages, and calls of programs."""
    queue: Any = page._queue
    return {*queue.pending_messages_per_session, *queue.pending_event_ids_session}


def joined(page: gr.Blocks, url: str, session: str) -> None:
    """Ask as a page does."""
    (number,) = (key for key, one in page.fns.items() if one.api_name == "search")
    body = {"data": SEARCH, "fn_index": number, "session_hash": session}
    assert httpx.post(f"{url}/queue/join", json=body).status_code == 200


def called(page: gr.Blocks, url: str, session: str) -> None:
    """Ask as a program does."""
    httpx.post(f"{url}/call/search", json={"data": SEARCH}).raise_for_status()


@pytest.mark.parametrize("ask", [joined, called])
def test_an_answer_that_nobody_fetches_goes(
    served: tuple[gr.Blocks, str], ask: Callable[[gr.Blocks, str, str], None]
) -> None:
    page, url = served
    for _ in range(3):
        ask(page, url, "page-of-ada")
    assert held(page)
    wait_until(lambda: not held(page), 20)


def test_an_answer_that_takes_long_is_waited_for(
    served: tuple[gr.Blocks, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, url = served
    may = threading.Event()
    search = fake_engine().search

    def slow(*asked: Any, **named: Any) -> Any:
        may.wait(30)
        return search(*asked, **named)

    joined(page, url, "page-of-ada")  # what it is told of this one is not fetched yet
    wait_until(lambda: not page._queue.event_ids_to_events)
    monkeypatch.setattr(fake_engine(), "search", slow)
    joined(page, url, "page-of-ada")
    time.sleep(2.5)
    assert held(page)
    may.set()
    where = f"{url}/queue/data?session_hash=page-of-ada"
    with httpx.stream("GET", where, timeout=30) as lines:
        found = [line for line in lines.iter_lines() if "process_completed" in line]
    assert len(found) == 2 and all('"success":true' in line for line in found)
    wait_until(lambda: not held(page), 20)
