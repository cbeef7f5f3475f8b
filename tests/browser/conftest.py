"""Serves the app as a user does, and gives each test a page that may ask no other host.

ENGRAVE_BROWSER_ENGINE=fake serves the drawing engine instead of the shipped checkpoint, and
ENGRAVE_BROWSER_URL names an app that is already served.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.fakes import noise
from tests.servers import free_port, serving

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ANSWER_MS = 90_000
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served app."""
    served = os.environ.get("ENGRAVE_BROWSER_URL")
    if served:
        yield served.rstrip("/")
        return
    fake = os.environ.get("ENGRAVE_BROWSER_ENGINE") == "fake"
    command = [sys.executable, "-m", "tests.fakes"] if fake else [sys.executable, "app.py"]
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "ENGRAVE_HOME": str(tmp_path_factory.mktemp("home")),
    }
    log = tmp_path_factory.mktemp("log") / "server.txt"
    with serving(command, ROOT, os.environ | settings, log) as served:
        yield served
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    expect.set_options(timeout=ANSWER_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The Chromium of the system, else the one that Playwright brings."""
    path = str(CHROMIUM) if CHROMIUM.is_file() else None
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


def told(said: ConsoleMessage) -> str:
    """Return what the page told of an error, and of which address."""
    return f"{said.text} {said.location.get('url', '')}".strip()


@pytest.fixture(params=["desk"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh visit; fails where the page asked another host or a script broke."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    asked: list[str] = []
    broken: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url))
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(told(said)) if said.type == "error" else None)
    page.set_default_timeout(ANSWER_MS)
    page.goto(address)
    page.wait_for_selector("#caption-answer .widget > *")
    yield page
    context.close()
    foreign = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not foreign
    # under a path of its own the page has no say in what lies at the root of the host
    assert not [words for words in broken if not words.endswith("/favicon.ico")]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three pictures in three formats."""
    names = ("one.png", "two.jpg", "three.tif")
    return [noise(tmp_path / name, seed=seed) for seed, name in enumerate(names)]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(script))


def serious(page: Page) -> dict[str, list[str]]:
    """Return what axe finds that keeps people out: rules with the elements that break them."""
    # Gradio's own frame for files nests a button in a button once files are there
    found = Axe().run(page, context={"exclude": [["#import-files"]]}).response
    assert len(found["passes"]) > 10, "axe has looked at something"
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return {one["id"]: [node["html"][:200] for node in one["nodes"][:3]] for one in grave}


def open_tab(page: Page, name: str) -> None:
    """Open one of the five tabs."""
    page.get_by_role("tab", name=name, exact=True).first.click()


def open_map(page: Page) -> None:
    """Open Explore and wait until the map is drawn."""
    open_tab(page, "Explore")
    page.wait_for_selector("[data-points]", state="attached")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a browser test again: on two busy cores a page may be late; a real fault stays one."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.flaky(reruns=2))
