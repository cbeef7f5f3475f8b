"""The guard adds its headers to every answer and lets nobody use the server as a relay."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from engrave.ui.guard import MAX_REQUEST_BYTES, Guard


def answer(request: Request) -> PlainTextResponse:
    """Answer anything."""
    return PlainTextResponse("fine")


@pytest.fixture
def client() -> TestClient:
    """A small app behind the guard."""
    routes = [Route("/{rest:path}", answer, methods=["GET", "POST"])]
    return TestClient(Guard(Starlette(routes=routes)))


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=https://example.org/a.png",
        "/gradio_api/file=HTTP://169.254.169.254/latest",
        "/file=http%3A%2F%2Fexample.org",
        "/gradio_api/proxy=https://a.hf.space/x",
    ],
)
def test_nothing_is_fetched_for_others(client: TestClient, path: str) -> None:
    refused = client.get(path)
    assert refused.status_code == 403
    assert "content-security-policy" in refused.headers


def test_nobody_has_the_state_of_a_session_written_down(client: TestClient) -> None:
    assert client.get("/gradio_api/deep_link?session_hash=abc").status_code == 403


@pytest.mark.parametrize("path", ["/component_server", "/component_server/", "/process_recording"])
def test_what_the_page_never_asks_for_is_not_there(client: TestClient, path: str) -> None:
    refused = client.post(f"/gradio_api{path}", json={"session_hash": "a"})
    assert refused.status_code == 404 and refused.text.endswith(".")


def test_a_flood_is_refused_by_its_length(client: TestClient) -> None:
    headers = {"content-length": str(MAX_REQUEST_BYTES + 1)}
    assert client.post("/gradio_api/upload", headers=headers).status_code == 413


def test_only_versioned_files_are_kept_for_ever(client: TestClient) -> None:
    assert "immutable" in client.get("/gradio_api/file=/a/b.bin?v=1").headers["cache-control"]
    assert client.get("/gradio_api/file=/a/b.js").headers["cache-control"] == "no-cache"
    assert "cache-control" not in client.get("/").headers


COOKIE = {"cookie": "access-token-unsecure-x=1"}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://testserver.evil.example", "http://["]
)
def test_no_other_website_acts_in_a_visitors_name(client: TestClient, origin: str) -> None:
    asked = {"origin": origin}
    for refused in (
        client.post("/gradio_api/call/search", headers=asked | COOKIE),
        client.post("/login", headers=asked),
        client.get("/gradio_api/queue/data", headers=asked | COOKIE),
        client.options("/config", headers=asked | {"access-control-request-method": "POST"}),
    ):
        assert refused.status_code == 403 and "Another website" in refused.text
        assert "access-control-allow-origin" not in refused.headers
    assert client.get("/", headers=asked).status_code == 200  # what everybody may read


@pytest.mark.parametrize(
    "headers",
    [
        {},  # programs
        {"origin": "http://testserver"},
        {"origin": "https://testserver:8443"},  # the port is the proxy's business
        {"origin": "https://prints.example", "x-forwarded-host": "prints.example, inner"},
        {"origin": "https://ada-engrave.hf.space"},
        {"origin": "http://localhost:7860", "host": "127.0.0.1:7860"},
        {"origin": "http://[::1]:7860", "host": "[::1]:7860"},
        {"origin": "https://fixed.example"},
    ],
)
def test_the_page_itself_may_ask(
    client: TestClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACE_HOST", "ada-engrave.hf.space")
    monkeypatch.setenv("GRADIO_ROOT_PATH", "https://fixed.example/engrave")
    assert client.post("/gradio_api/call/search", headers=headers | COOKIE).status_code == 200


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),  # a program
        ({"sec-fetch-site": "none"}, True),  # typed by a person
        ({"sec-fetch-site": "same-origin"}, True),
        ({"referer": "http://testserver/"}, True),
        ({"sec-fetch-site": "cross-site"}, False),  # a link, or the address of a picture
        ({"sec-fetch-site": "same-site"}, False),
        ({"referer": "https://evil.example/testserver/"}, False),
        ({"referer": "https://[evil"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/logout", "/logout/", "/engrave/logout?all_session=true"])
def test_no_other_website_logs_a_visitor_out(
    client: TestClient, path: str, headers: dict[str, str], passes: bool
) -> None:
    assert client.get(path, headers=headers).status_code == (200 if passes else 403)
    assert client.get("/", headers=headers).status_code == 200  # a link to the page is welcome


@pytest.mark.parametrize("error", [KeyError("secret"), OSError(28, "No space left on device")])
def test_what_breaks_outside_of_handlers_gets_a_sentence(error: Exception) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    told = TestClient(Guard(broken)).get("/")
    assert told.status_code == (507 if isinstance(error, OSError) else 500)
    assert told.text.endswith(".") and "secret" not in told.text
    assert "content-security-policy" in told.headers


def test_an_answer_that_was_begun_is_not_begun_anew() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(Guard(broken)).get("/")


@pytest.mark.parametrize(
    ("headers", "settings", "passes"),
    [
        ({"host": "127.0.0.1:7990"}, {}, True),
        ({"host": "localhost:7990"}, {}, True),
        ({"host": "LOCALHOST."}, {}, True),
        ({"host": "[::1]:7990"}, {}, True),
        ({"host": "engrave.localhost"}, {}, True),
        ({"host": "evil.example:7990", "origin": "http://evil.example:7990"}, {}, False),
        ({"host": "evil.example"}, {}, False),
        ({"host": "localhost.evil.example"}, {}, False),
        ({"host": "127.0.0.1.evil.example"}, {}, False),
        ({"host": "evil.example"}, {"ENGRAVE_SHARED": "1"}, False),
        ({"host": "prints.example", "x-forwarded-host": "prints.example"}, {}, True),
        ({"host": "prints.example"}, {"GRADIO_ROOT_PATH": "https://prints.example/engrave"}, True),
        ({"host": "prints.example"}, {"GRADIO_SERVER_NAME": "0.0.0.0"}, True),
        ({"host": "ada-engrave.hf.space"}, {"SPACE_ID": "ada/engrave"}, True),
    ],
)
def test_no_website_has_its_own_name_mean_this_machine(
    url: str,
    headers: dict[str, str],
    settings: dict[str, str],
    passes: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GRADIO_SERVER_NAME", "GRADIO_ROOT_PATH", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    asked = {"data": [], "fn_index": 9999}
    posted = httpx.post(f"{url}/gradio_api/run/x", json=asked, headers=headers)
    assert posted.status_code == (404 if passes else 403)
    read = httpx.get(f"{url}/config", headers=headers)
    assert read.status_code == (200 if passes else 403)
