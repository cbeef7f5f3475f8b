"""Originals on the page: each picture says what it is, on the map, in the detail and below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ANSWER_MS, ROOT, SIZES, open_map, overflow
from tests.browser.test_explore import lonely_point
from tests.originals.page import SHOWN
from tests.servers import free_port, serving

ORIGINAL, MEMORY = "original from Project Gutenberg", "as the model remembers it"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with ten originals."""
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "ENGRAVE_HOME": str(tmp_path_factory.mktemp("home")),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    log = tmp_path_factory.mktemp("log") / "server.txt"
    command = [sys.executable, "-m", "tests.originals.page"]
    with serving(command, ROOT, os.environ | settings, log) as address:
        yield address


@pytest.fixture(params=["desk", "phone"])
def explore(browser: Browser, served: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Explore, its map drawn."""
    width, height = SIZES[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(ANSWER_MS)
    page.goto(served)
    page.wait_for_selector("#caption-answer .widget > *")
    open_map(page)
    yield page
    page.close()


def test_every_picture_says_what_it_is(explore: Page) -> None:
    thumbs = explore.locator("#choice .chosen .thumb")
    expect(explore.locator("#choice .chosen .thumb.original")).to_have_count(SHOWN)
    expect(explore.locator("#choice h2")).to_contain_text(f"marked •: {ORIGINAL}")
    caption = explore.locator("#detail figcaption")
    thumbs.nth(0).click()
    expect(caption).to_have_text(ORIGINAL)
    thumbs.nth(SHOWN + 3).click()
    expect(caption).to_have_text(MEMORY)
    expect(explore.locator(".colophon")).to_contain_text(f"{SHOWN} engravings of the collection")
    assert overflow(explore) == 0


def test_the_map_says_it_on_hover(explore: Page) -> None:
    point = lonely_point(explore)
    explore.mouse.move(point["x"] - 4, point["y"] - 4)
    explore.mouse.move(point["x"], point["y"])
    card = explore.locator(".map-card")
    expect(card).to_contain_text(ORIGINAL if point["index"] < SHOWN else MEMORY)
    picture = card.locator(".sprite").evaluate("(node) => node.style.backgroundImage")
    assert "/sheets/atlas-000.webp" in picture
