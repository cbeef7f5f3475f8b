"""A real server with the shipped model: long work holds up no short work, and work that nobody
waits for any more ends at its next step."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.client import Job
from gradio_client.utils import Status

from engrave.progress import Progress
from engrave.ui.page import build_page, launch_settings
from tests.fakes import fake_engine, noise
from tests.servers import free_port, serving

ROOT = Path(__file__).resolve().parents[1]
ENDS = {"a": "text:a ship in a storm", "b": "text:an old church among trees"}


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for something that a server does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def client_of(page: gr.Blocks | str) -> Client:
    """Return a program that asks a page."""
    url = page if isinstance(page, str) else str(page.local_url)
    return Client(url, verbose=False, analytics_enabled=False, download_files=False)


def under_way(job: Job) -> bool:
    """Tell whether a server has told of progress with a job."""
    return job.status().code is Status.PROGRESS


def test_a_caption_and_a_search_finish_while_a_long_walk_runs(tmp_path: Path) -> None:
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()), "GRADIO_TEMP_DIR": str(tmp_path / "gradio"),
        "ENGRAVE_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    command, log = [sys.executable, "app.py"], tmp_path / "log.txt"
    with serving(command, ROOT, os.environ | settings, log) as address:
        client = client_of(address)
        walk = client.submit(**ENDS, frames=48, api_name="/interpolate")
        wait_until(lambda: under_way(walk))
        picture = handle_file(noise(tmp_path / "a.png"))
        assert len(client.predict(picture, 2, 3, api_name="/caption")["captions"]) == 2
        assert len(client.predict("an owl", 3, api_name="/search")) == 3
        assert not walk.done()
        second = client.submit(**ENDS, frames=3, api_name="/interpolate")
        wait_until(lambda: second.status().code is Status.IN_QUEUE)
        assert second.status().rank == 0  # long work waits for long work, and is told so
        walk.cancel()
        film, _, facts = second.result()
        assert facts["frames"] == 3 and film
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


class Steps:
    """An endless piece of work, one step at a time, that tells how it ended."""

    def __init__(self) -> None:
        self.begun, self.ended = 0, threading.Event()
        self.may = threading.Semaphore(3)

    def search(self, text: str, *, num: int) -> tuple[()]:
        """Search at once."""
        return ()

    def walk(self, *ends: object, progress: Progress, **settings: object) -> None:
        """Go step by step, each when it may."""
        try:
            while True:
                self.may.acquire()
                self.begun += 1
                progress(0.5, f"step {self.begun}")
        finally:
            self.ended.set()


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    """A page over the drawing engine, served."""
    page = build_page(fake_engine(), Path("no-examples"))
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_settings())
    yield page
    page.close()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Put an endless walk in place of the engine's."""
    found = Steps()
    monkeypatch.setattr(fake_engine(), "walk", found.walk)
    return found


def check_freed(page: gr.Blocks, steps: Steps, leave: Callable[[], object]) -> None:
    """Leave after three steps: the fourth must be the last, and the next in the line gets on."""
    wait_until(lambda: steps.begun == 3)
    leave()
    running = page._queue.event_ids_to_events
    wait_until(lambda: not any(event.alive for event in list(running.values())))
    steps.may.release()
    assert steps.ended.wait(60) and steps.begun == 4
    client = client_of(page)
    files, _ = client.predict("a ship", 1, api_name="/generate")
    assert len(files) == 1


def test_a_walk_that_was_cancelled_frees_its_worker_at_its_next_step(
    page: gr.Blocks, steps: Steps
) -> None:
    walk = client_of(page).submit(**ENDS, frames=9, api_name="/interpolate")
    check_freed(page, steps, walk.cancel)


def test_a_walk_whose_visitor_left_frees_its_worker_at_its_next_step(
    page: gr.Blocks, steps: Steps
) -> None:
    data = ["text:a ship", "text:an owl", None, None, 9, "prior", "slerp", 0]
    call = f"{page.local_url}gradio_api/call/interpolate"
    event = httpx.post(call, json={"data": data}).json()["event_id"]

    def leave() -> None:
        with httpx.stream("GET", f"{call}/{event}", timeout=60) as answer:
            assert answer.status_code == 200

    check_freed(page, steps, leave)
