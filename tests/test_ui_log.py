"""Whatever a stranger asks for, the log grows by a line at most, and no traceback is in it."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ROOT
from tests.servers import free_port, served

MOST_BYTES = 300
API = "/gradio_api"
HALF = "\\ud800"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of its own process, and its log."""
    folder = tmp_path_factory.mktemp("server")
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "ENGRAVE_HOME": str(folder / "home"),
    }
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tests.fakes"]
    with served(command, ROOT, os.environ | settings, log) as (address, _):
        yield address, log


def numbers(url: str) -> dict[str, int]:
    """Return the events by the name of their endpoint."""
    events = httpx.get(f"{url}/config").json()["dependencies"]
    return {one["api_name"]: one["id"] for one in events if one["api_name"]}


def all_lines(stream: httpx.Client, address: str) -> None:
    """Read a stream until it ends, or the server hangs up."""
    try:
        stream.get(address)
    except httpx.RemoteProtocolError:
        return


def posts(url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield requests that cannot be answered: an address and what is sent."""
    search = numbers(url)["search"]
    for number in (9999, -1, "x", [], 1.5):
        yield f"{API}/queue/join", {"json": {"data": [], "fn_index": number, "session_hash": "a"}}
        yield f"{API}/run/x", {"json": {"data": [], "fn_index": number}}
    for session in ("", " ", HALF, "x" * 101):
        text = f'{{"data": [], "fn_index": {search}, "session_hash": "{session}"}}'
        yield f"{API}/queue/join", {"content": text}
    for path in ("call/unheard-of", "call/v2/unheard-of", "run/unheard-of", "component_server"):
        yield f"{API}/{path}", {"json": {"data": []}}
    for more in ({}, {"data": []}, {"a": 1}, {"query": [], "results": {}, "x": 1}):
        yield f"{API}/call/v2/search", {"json": more}
        yield f"{API}/component_server", {"data": more}
    for path in (
        "queue/join",
        "cancel",
        "reset",
        "call/search",
        "run/x",
        "stream/a",
        "stream/a/close",
    ):
        for content in ("", "{", "[]", "null", '"x"', "[" * 3000):
            yield f"{API}/{path}", {"content": content}
    for name in ("", ".", "..", "a" * 400):
        yield f"{API}/upload", {"files": {"files": (name, b"a")}}
    yield f"{API}/upload", {"content": "x", "headers": {"content-type": "multipart/form-data"}}
    yield "/login", {"content": "x", "headers": {"content-type": "multipart/form-data"}}


def gets() -> Iterator[str]:
    """Yield addresses that lead nowhere."""
    for session in ("", "of-another-day", "%ff", "a" * 200, "%00"):
        yield f"{API}/queue/data?session_hash={session}"
        yield f"{API}/call/search/{session}"
    for path in ("a" * 5000, "%00", "/etc/passwd", "%ff", "visitors/guest/x"):
        yield f"{API}/file={path}"
    yield f"{API}/upload_progress?upload_id=x"
    yield f"{API}/custom_component/x/y/z/a"


def check(log: Path, before: int, what: object) -> None:
    """Fail where a request filled the log."""
    time.sleep(0.02)
    told = log.read_text()[before:]
    assert len(told) <= MOST_BYTES and "Traceback" not in told, (what, told[-1500:])


def test_no_request_fills_the_log(server: tuple[str, Path]) -> None:
    url, log = server
    with httpx.Client(base_url=url, timeout=30) as stranger:
        for address, sent in posts(url):
            before = len(log.read_text())
            json_headers = {} if "content" not in sent else {"content-type": "application/json"}
            headers = json_headers | sent.pop("headers", {})
            answer = stranger.post(address, headers=headers, **sent)
            assert "Traceback" not in answer.text and len(answer.text) < 4000
            check(log, before, (address, sent, answer.text[:200]))
        for address in gets():
            before = len(log.read_text())
            all_lines(stranger, address)
            check(log, before, address)


@pytest.mark.parametrize(
    "value", ["1" + "0" * 400, "null", f'"{HALF}"', "[[1]]", "{}", "true", "NaN"]
)
def test_no_event_fills_the_log(server: tuple[str, Path], value: str) -> None:
    url, log = server
    config = httpx.get(f"{url}/config").json()
    data = ", ".join(f'"{key}": {value}' for key in ("x", "y", "index", "path", "rows", "bits"))
    with httpx.Client(base_url=url, timeout=60) as stranger:
        for event in config["dependencies"]:
            if event["queue"] or not event["backend_fn"]:
                continue
            given = ", ".join([value] * len(event["inputs"]))
            body = f'{{"data": [{given}], "fn_index": {event["id"]}, "session_hash": "a"'
            before = len(log.read_text())
            headers = {"content-type": "application/json"}
            more = f', "event_data": {{{data}}}}}'
            answer = stranger.post(f"{API}/run/x", content=body + more, headers=headers)
            assert "Traceback" not in answer.text
            check(log, before, (event["api_name"], event["targets"], answer.text[:200]))
