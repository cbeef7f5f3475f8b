"""What one visitor uploads or has made no other reads: by path, by guess, by an endpoint."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from engrave.ui.visitors import COOKIE, GUEST, MAX_JSON_BYTES, Visitors, acting, came_in, new_folder
from tests.fakes import noise


@contextmanager
def visit(url: str) -> Iterator[httpx.Client]:
    """Open the page as a browser does, which keeps the cookie."""
    with httpx.Client(base_url=url, timeout=30) as visitor:
        assert visitor.get("/").status_code == 200
        yield visitor


@pytest.fixture
def ada(url: str) -> Iterator[httpx.Client]:
    """One visitor."""
    with visit(url) as visitor:
        yield visitor


@pytest.fixture
def eve(url: str) -> Iterator[httpx.Client]:
    """Another one, who knows more than she should."""
    with visit(url) as visitor:
        yield visitor


@pytest.fixture
def sent(ada: httpx.Client, tmp_path: Path) -> tuple[Path, str]:
    """A picture of the first visitor, and the path that it got."""
    path = noise(tmp_path / "private plate.png", seed=hash(tmp_path) % 1000)
    answer = ada.post("/gradio_api/upload", files={"files": (path.name, path.read_bytes())})
    (taken,) = answer.json()
    return path, taken


def data_of(path: str) -> dict[str, Any]:
    """Return how a page names a file."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def told(visitor: httpx.Client, name: str, data: list[Any]) -> str:
    """Call an endpoint; return what it answers in the end."""
    answer = visitor.post(f"/gradio_api/call/{name}", json={"data": data})
    if answer.status_code != 200:
        return answer.text
    return visitor.get(f"/gradio_api/call/{name}/{answer.json()['event_id']}").text


def test_each_visitor_has_a_cookie_of_its_own(ada: httpx.Client, eve: httpx.Client) -> None:
    assert ada.cookies[COOKIE] != eve.cookies[COOKIE]
    again = ada.get("/")
    assert "set-cookie" not in again.headers
    fresh = httpx.get(ada.base_url, headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    assert all(word in fresh for word in ("HttpOnly", "Secure", "SameSite=None", "Partitioned"))


def test_a_visitor_reads_and_uses_its_own(ada: httpx.Client, sent: tuple[Path, str]) -> None:
    path, taken = sent
    assert ada.get(f"/gradio_api/file={taken}").content == path.read_bytes()
    assert "captions" in told(ada, "caption", [data_of(taken), 3, 6])


def ways_to(taken: str, path: Path, uploads: Path) -> list[str]:
    """Return names of one upload: its own, detours to it, and what Gradio calls it."""
    own = os.stat(taken).st_ino
    (guess,) = (one for one in uploads.glob(f"*/{path.name}") if one.stat().st_ino == own)
    relative = os.path.relpath(taken)
    middle = f"{uploads}/visitors/{GUEST}/../{Path(taken).relative_to(uploads / 'visitors')}"
    return [taken, relative, middle, f"{uploads}//./{Path(taken).relative_to(uploads)}", str(guess)]


def test_no_other_reads_it_by_path_or_guess(
    url: str, eve: httpx.Client, sent: tuple[Path, str], uploads: Path
) -> None:
    path, taken = sent
    with httpx.Client(base_url=url) as stranger:
        for visitor in (eve, stranger):
            for way in ways_to(taken, path, uploads):
                for prefix in ("/gradio_api/file=", "/file=", "/gradio_api/file/"):
                    for name in (way, way.replace("/", "%2F"), way.replace("a", "%61")):
                        answer = visitor.get(prefix + name)
                        assert answer.status_code in (403, 404), (prefix, name)
                        assert path.read_bytes() not in answer.content


def test_no_other_has_it_read_by_an_endpoint(
    url: str, eve: httpx.Client, sent: tuple[Path, str], uploads: Path
) -> None:
    path, taken = sent
    with httpx.Client(base_url=url, timeout=30) as stranger:
        for visitor in (eve, stranger):
            for way in ways_to(taken, path, uploads):
                for one in (data_of(way), {"path": way}, data_of(way) | {"url": f"file={way}"}):
                    assert "captions" not in told(visitor, "caption", [one, 3, 6])
                    walk = ["text:a ship", "", None, one, 3, "prior", "slerp", 0]
                    assert "complete" not in told(visitor, "interpolate", walk)


def test_escapes_in_the_request_help_nobody(eve: httpx.Client, sent: tuple[Path, str]) -> None:
    body = json.dumps({"data": [data_of(sent[1]), 3, 6]})
    hidden = body.replace("visitors", "\\u0076isitors").replace("/", "\\/")
    assert json.loads(hidden) == json.loads(body)
    headers = {"content-type": "application/json"}
    answer = eve.post("/gradio_api/call/caption", content=hidden, headers=headers)
    assert answer.status_code == 403 and "another visitor" in answer.text


def test_what_was_made_for_one_is_not_read_by_another(ada: httpx.Client, eve: httpx.Client) -> None:
    answer = told(ada, "generate", ["a ship", 1, 0, 2, 5, "", 1, False])
    found = re.search(r'"path": "([^"]+\.png)"', answer)
    assert found is not None
    assert ada.get(f"/gradio_api/file={found.group(1)}").status_code == 200
    assert eve.get(f"/gradio_api/file={found.group(1)}").status_code == 403
    films = told(ada, "interpolate", ["text:a", "text:b", None, None, 3, "prior", "slerp", 0])
    for path in re.findall(r'"path": "([^"]+)"', films):
        assert ada.get(f"/gradio_api/file={path}").status_code == 200
        assert eve.get(f"/gradio_api/file={path}").status_code == 403


def test_programs_without_cookies_work_on_names_that_cannot_be_guessed(
    url: str, tmp_path: Path, uploads: Path
) -> None:
    path = noise(tmp_path / "a.png", seed=77)
    with httpx.Client(base_url=url, timeout=30) as program:
        (first,) = program.post(
            "/gradio_api/upload", files={"files": ("a.png", path.read_bytes())}
        ).json()
        (second,) = program.post(
            "/gradio_api/upload", files={"files": ("a.png", path.read_bytes())}
        ).json()
        assert first != second and Path(first).parents[1] == uploads / "visitors" / GUEST
        assert re.fullmatch(r"[0-9a-f]{32}", Path(first).parent.name)
        assert "captions" in told(program, "caption", [data_of(first), 3, 6])


def test_a_cookie_that_was_not_given_here_opens_nothing(url: str, sent: tuple[Path, str]) -> None:
    folder = Path(sent[1]).parents[1].name  # what a path tells of its visitor
    for value in (folder, "../" + folder, "guest", "", "x" * 5000):
        answer = httpx.get(
            f"{url}/gradio_api/file={sent[1]}", headers={"cookie": f"{COOKIE}={value}"}
        )
        assert answer.status_code in (400, 403, 431)


def test_a_request_of_no_end_is_refused(eve: httpx.Client) -> None:
    body = {"data": ["x" * MAX_JSON_BYTES, 3, ""]}
    assert eve.post("/gradio_api/call/search", json=body).status_code == 413
    deep = "[" * 100_000 + "]" * 100_000
    answer = eve.post("/gradio_api/call/search", content=f'{{"data": {deep}}}')
    assert answer.status_code in (400, 413, 422, 500)
    assert "Traceback" not in answer.text
    assert "complete" in told(eve, "search", ["a ship", 3, ""])


def test_uploads_are_not_for_others_on_the_machine(uploads: Path, sent: tuple[Path, str]) -> None:
    assert (uploads / "visitors").stat().st_mode & 0o077 == 0


def test_work_of_one_visitor_does_not_become_anothers(uploads: Path) -> None:
    asked = SimpleNamespace(cookies={COOKIE: "ab" * 16})
    with acting(cast(gr.Request, asked)):
        own = new_folder() / "a.png"
        own.write_bytes(b"a")
        assert came_in(str(own)) == own
    assert came_in(str(own)) is None
    open_to_all = new_folder() / "b.png"
    open_to_all.write_bytes(b"b")
    assert came_in(str(open_to_all)) == open_to_all


AFAR = "http://127.0.0.1:9/plate.png"
META = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "file",
    [
        {"path": AFAR} | META,
        {"path": AFAR},
        {"path": AFAR.upper()} | META,
        {"path": f" {AFAR}"} | META,
        {"path": "ftp://127.0.0.1/a.png"} | META,
        {"path": AFAR, "url": "/gradio_api/file=/a.png"} | META,
        {"path": "", "url": AFAR} | META,
        {"url": AFAR} | META,
        {"path": None, "url": AFAR} | META,
    ],
)
def test_no_file_is_fetched_by_its_address(client: Client, url: str, file: dict[str, Any]) -> None:
    named = [one for one in client.view_api(return_format="dict")["named_endpoints"]]
    assert "/caption" in named and len(named) > 10
    for value in (file, [[file]], {"a": {"b": [file]}}, {"image": file, "caption": None}):
        for name in named:
            for way in ("call", "call/v2"):
                answer = httpx.post(f"{url}/gradio_api/{way}{name}", json={"data": [value, value]})
                assert answer.status_code == 403, (way, name)
                assert "by their address" in answer.text
    joined = httpx.post(f"{url}/gradio_api/queue/join", json={"data": [file], "fn_index": 0})
    assert joined.status_code == 403


def test_an_upload_of_a_program_tells_its_address_too(
    client: Client, url: str, tmp_path: Path
) -> None:
    # beside the path stands the address of this server, as it does in a browser
    file = handle_file(str(noise(tmp_path / "a.png", seed=5)))
    assert client.predict(file, 3, 6, api_name="/caption")["captions"]
    taken = httpx.post(
        f"{url}/gradio_api/upload", files={"files": ("a.png", b"no picture")}
    ).json()[0]
    shown = data_of(taken) | {"url": f"{url}/gradio_api/file={taken}"}
    answer = httpx.post(f"{url}/gradio_api/call/caption", json={"data": [shown, 3, 6]})
    assert answer.status_code == 200


def ask(visitor: httpx.Client, session: str) -> str:
    """Ask for an event as a page of that name does; return the event's name."""
    events = visitor.get("/config").json()["dependencies"]
    (number,) = (one["id"] for one in events if one["api_name"] == "search")
    body = {"data": ["a ship", 3, ""], "fn_index": number, "session_hash": session}
    return str(visitor.post("/gradio_api/queue/join", json=body).json()["event_id"])


def answers(visitor: httpx.Client, address: str) -> str:
    """Return what a stream brings until it ends."""
    try:
        return visitor.get(f"/gradio_api/{address}").text
    except httpx.RemoteProtocolError:  # Gradio breaks off where it knows no such page
        return ""


def test_the_name_of_a_page_opens_nothing_to_others(
    url: str, ada: httpx.Client, eve: httpx.Client
) -> None:
    ask(ada, "pageofada")
    with httpx.Client(base_url=url, timeout=30) as stranger:
        for visitor in (eve, stranger):
            with visitor.stream("GET", "/gradio_api/heartbeat/pageofada") as beat:
                assert beat.status_code == 200  # of a page of its own
            cancel = {"session_hash": "pageofada", "fn_index": 0, "event_id": "x"}
            assert visitor.post("/gradio_api/cancel", json=cancel).status_code == 200
            for address in ("queue/data?session_hash=pageofada", "call/search/pageofada"):
                assert "process_completed" not in answers(visitor, address)
                assert "event: complete" not in answers(visitor, address)
    found = answers(ada, "queue/data?session_hash=pageofada")
    assert "process_completed" in found and '"success":true' in found


def test_two_pages_of_one_browser_each_get_their_own(ada: httpx.Client) -> None:
    events = {name: ask(ada, name) for name in ("tab1", "tab2")}
    for name, event in events.items():
        found = answers(ada, f"queue/data?session_hash={name}&again=1")
        assert event in found and "process_completed" in found
        assert not any(other in found for other in events.values() if other != event)


@pytest.mark.parametrize(
    "address",
    ["queue/data", "queue/data?session_hash=", "queue/data?session_hash=a%20b", "heartbeat/%ff"],
)
def test_a_page_without_a_name_is_told_so(ada: httpx.Client, address: str) -> None:
    answer = ada.get(f"/gradio_api/{address}")
    assert answer.status_code == 400 and "names its page" in answer.text


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, "\x00", '{"data": ' + "9" * 5000 + "}"])
def test_what_is_no_json_is_refused_in_words(ada: httpx.Client, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = ada.post("/gradio_api/queue/join", content=body, headers=headers)
    assert answer.status_code in (400, 422) and "Traceback" not in answer.text


@pytest.mark.parametrize(("path", "told"), [("mcp/", False), ("mcp", False), ("call/x", True)])
def test_tools_of_programs_ask_without_cookies(path: str, told: bool) -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse("cookie" in Headers(scope=scope))(scope, receive, send)

    asked = TestClient(Visitors(echo), cookies={COOKIE: "ab" * 16})
    assert asked.post(f"/gradio_api/{path}", json={"method": "tools/call"}).json() is told
