"""What a stranger sends costs the server little: bodies are bounded before they are read, and
nothing is read of whom it does not know."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from engrave.ui.page import build_page, launch_settings
from engrave.ui.visitors import MAX_JSON_BYTES
from tests.fakes import fake_engine

KINDS = ["multipart/x", "Multipart/form-data; boundary=b", "application/json", "text/plain", ""]
PATHS = ["queue/join", "cancel", "run/upload", "call/upload", "call/search", "reset", "stream/a"]
PIECE = b"x" * 100_000


def flood(url: str, kind: str) -> int:
    """Send much without telling how much; return the status."""
    much = (PIECE for _ in range(3 * MAX_JSON_BYTES // len(PIECE)))
    return httpx.post(url, content=much, headers={"content-type": kind}, timeout=30).status_code


@pytest.fixture(scope="module")
def closed(uploads: Path) -> Iterator[str]:
    """A server that asks for a login."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGRAVE_AUTH", "ada:word")
        page = build_page(fake_engine(), uploads / "no-examples")
        _, address, _ = page.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_settings()
        )
        yield address.rstrip("/")
        page.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PATHS)
def test_no_body_is_read_without_end(url: str, path: str, kind: str) -> None:
    assert flood(f"{url}/gradio_api/{path}", kind) in (413, 415)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["gradio_api/queue/join", "gradio_api/upload", "login"])
def test_of_whom_the_server_does_not_know_it_reads_nothing_large(
    closed: str, path: str, kind: str
) -> None:
    assert flood(f"{closed}/{path}", kind) == (413 if path == "login" else 401)


@pytest.mark.parametrize(
    "path", ["queue/join", "cancel", "run/search", "reset", "component_server"]
)
def test_a_stranger_is_told_to_log_in(closed: str, path: str) -> None:
    answer = httpx.post(f"{closed}/gradio_api/{path}", json={"data": [], "session_hash": "a"})
    assert answer.status_code in (401, 404)
    assert httpx.get(f"{closed}/gradio_api/heartbeat/a").status_code == 401


@pytest.mark.parametrize("parts", [False, True])
def test_the_form_of_the_page_logs_in(closed: str, parts: bool) -> None:
    form = {"username": "ada", "password": "word"}
    with httpx.Client(base_url=closed) as visitor:
        if parts:  # as the page sends it
            answer = visitor.post("/login", files={key: (None, one) for key, one in form.items()})
        else:
            answer = visitor.post("/login", data=form)
        assert answer.status_code == 200
        cookies = {name: value for name, value in visitor.cookies.items() if "unsecure" in name}
        with httpx.stream("GET", f"{closed}/gradio_api/heartbeat/a", cookies=cookies) as beat:
            assert beat.status_code == 200


def test_a_program_logs_in(closed: str) -> None:
    program = Client(closed, auth=("ada", "word"), verbose=False, analytics_enabled=False)
    assert len(program.predict("a ship", 3, api_name="/search")) == 3
    program.close()


def test_an_endpoint_called_upload_is_no_way_round(url: str, uploads: Path) -> None:
    other = str(uploads / "visitors" / ("ab" * 16) / "a.png")
    for path in ("run/upload", "call/upload", "api/upload", "call/v2/upload"):
        answer = httpx.post(f"{url}/gradio_api/{path}", json={"data": [other], "fn_index": 0})
        assert answer.status_code == 403 and "another visitor" in answer.text
