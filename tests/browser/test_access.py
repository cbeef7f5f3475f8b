"""A page for looking only, behind a login; and what one visitor has no other sees."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Page, expect

from engrave.access import hashed
from tests.browser.conftest import ROOT, open_map
from tests.browser.test_caption import caption
from tests.servers import free_port, serving

SECRET = "a word, and another"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page that asks for a name and lets nobody change it."""
    folder = tmp_path_factory.mktemp("guarded")
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "ENGRAVE_HOME": str(folder / "home"),
        "ENGRAVE_AUTH": f"ada:{hashed(SECRET)}",
        "ENGRAVE_READ_ONLY": "1",
    }
    log = folder / "log.txt"
    with serving([sys.executable, "-m", "tests.fakes"], ROOT, os.environ | settings, log) as served:
        yield served
    assert "Traceback" not in log.read_text(), log.read_text()[-2000:]


@pytest.fixture
def entered(browser: Browser, guarded: str) -> Iterator[Page]:
    """The page after a login."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    broken: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url))
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(guarded)
    page.get_by_label("username").fill("ada")
    page.get_by_label("password").fill(SECRET)
    page.get_by_role("button", name="Login").click()
    page.wait_for_selector("#caption-answer .widget > *")
    yield page
    context.close()
    assert not broken
    assert not [url for url in asked if not url.startswith((guarded, "data:", "blob:"))]


def test_without_a_login_nothing_is_told(guarded: str) -> None:
    for path in ("/config", "/gradio_api/info", "/gradio_api/openapi.json"):
        assert httpx.get(guarded + path).status_code == 401, path
    font = ROOT / "assets" / "fonts" / "OFL.txt"
    assert httpx.get(f"{guarded}/gradio_api/file={font}").status_code == 401
    files = {"files": ("a.png", b"a")}
    assert httpx.post(f"{guarded}/gradio_api/upload", files=files).status_code == 401
    ask = {"data": ["a ship", 3, ""]}
    assert httpx.post(f"{guarded}/gradio_api/call/search", json=ask).status_code == 401
    wrong = httpx.post(f"{guarded}/login", data={"username": "ada", "password": "no"})
    assert wrong.status_code == 400


def test_a_program_logs_in(guarded: str) -> None:
    client = Client(guarded, auth=("ada", SECRET), verbose=False, analytics_enabled=False)
    assert len(client.predict("a ship", 3, api_name="/search")) == 3


def test_a_person_logs_in_and_works(entered: Page, pictures: list[Path]) -> None:
    caption(entered, pictures[0])


def test_names_of_clusters_are_only_read(entered: Page) -> None:
    open_map(entered)
    entered.evaluate("() => { document.querySelector('#clusters .widget').hidden = false; }")
    expect(entered.locator("#clusters .cluster").first).to_be_visible()
    expect(entered.locator("#clusters .cluster input")).to_have_count(0)
    expect(entered.locator("#clusters summary")).not_to_contain_text("can be changed")


def test_what_one_visitor_has_is_closed_to_another(
    browser: Browser, page: Page, address: str, pictures: list[Path]
) -> None:
    paths: list[str] = []
    page.on("response", lambda got: paths.append(got.url) if "/file=" in got.url else None)
    with page.expect_response(lambda got: urlsplit(got.url).path.endswith("/upload")) as answer:
        caption(page, pictures[0])
    (taken,) = answer.value.json()
    script = "async (path) => (await fetch('gradio_api/file=' + path)).status"
    assert page.evaluate(script, taken) == 200
    other = browser.new_context().new_page()
    other.goto(address)
    other.wait_for_selector("#caption-answer .widget > *")
    assert other.evaluate(script, taken) == 403
    other.context.close()
