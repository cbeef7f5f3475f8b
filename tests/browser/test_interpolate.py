"""The Interpolate tab."""

from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_tab
from tests.browser.test_generate import set_number

STAGE = "#player .stage"


@pytest.fixture
def tab(page: Page) -> Page:
    """The page with the tab open."""
    open_tab(page, "Interpolate")
    return page


def walk(page: Page, frames: int) -> None:
    """Walk and wait for the player."""
    set_number(page, "frames", frames)
    page.click("#walk")
    expect(page.locator("#player .note")).to_contain_text(f"{frames} frames in")


def test_a_first_visit_shows_a_walk(tab: Page) -> None:
    expect(tab.locator("#player .cell")).to_have_count(16)
    expect(tab.locator("#player .note")).to_contain_text("made earlier")
    for letter in "ab":
        expect(tab.locator(f"#end-{letter}-view img")).to_be_visible()
        expect(tab.locator(f"#end-{letter}-view")).to_contain_text("as the model remembers it")


def test_the_scrubber_moves_at_once_and_asks_nobody(tab: Page) -> None:
    asked: list[str] = []
    tab.on("request", lambda sent: asked.append(sent.url))
    for frame in (7, 3, 12):
        tab.locator("#player input[type=range]").fill(str(frame))
        expect(tab.locator(f"{STAGE} .facts")).to_have_text(f"frame {frame + 1} of 16")
    tab.locator("#player input[type=range]").press("ArrowRight")
    expect(tab.locator(f"{STAGE} .facts")).to_have_text("frame 14 of 16")
    tab.locator("#player .cell").nth(5).click()
    expect(tab.locator(f"{STAGE} .facts")).to_have_text("frame 6 of 16")
    assert [url for url in asked if "queue" in url or "call" in url] == []


def test_play_moves_and_pauses(tab: Page) -> None:
    play = tab.locator("#player button[aria-pressed]")
    play.click()
    expect(tab.locator(f"{STAGE} .facts")).not_to_have_text("frame 1 of 16")
    play.click()
    expect(play).to_have_text("Play")


def test_the_films_are_downloaded_and_play(tab: Page) -> None:
    walk(tab, 6)
    with tab.expect_download() as download:
        tab.get_by_text("Download MP4").click()
    with av.open(str(download.value.path())) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    with tab.expect_download() as download:
        tab.get_by_text("Download GIF").click()
    assert Path(download.value.path()).read_bytes()[:6] == b"GIF89a"
    tab.locator("#player video").scroll_into_view_if_needed()
    tab.wait_for_function("() => document.querySelector('#player video').readyState >= 2")


def test_an_end_from_a_text_an_upload_and_the_collection(tab: Page, pictures: list[Path]) -> None:
    first = tab.locator("#end-a")
    first.get_by_role("tab", name="Text").click()
    tab.fill("#end-a-text textarea", "an old tower")
    tab.press("#end-a-text textarea", "Enter")
    expect(tab.locator("#end-a-view")).to_contain_text("imagined from a text")
    second = tab.locator("#end-b")
    second.get_by_role("tab", name="Upload").click()
    tab.set_input_files("#end-b-file input[type=file]", str(pictures[0]))
    expect(tab.locator("#end-b-view")).to_contain_text("your upload")
    walk(tab, 3)
    second.get_by_role("tab", name="Collection").click()
    tab.fill("#end-b-query textarea", "a horse")
    tab.press("#end-b-query textarea", "Enter")
    expect(tab.locator("#end-b-found .thumb")).to_have_count(8)
    tab.locator("#end-b-found .thumb").nth(2).click()
    expect(tab.locator("#end-b-view")).to_contain_text("of the collection")
    link = tab.locator("#end-b-view a")
    assert (link.get_attribute("href") or "").startswith("https://www.gutenberg.org/ebooks/")


def test_both_modes_and_both_curves(tab: Page) -> None:
    tab.get_by_label("Direct", exact=True).check()
    tab.get_by_label("Straight (lerp)").check()
    walk(tab, 5)
    expect(tab.locator("#player .telling li")).to_have_count(2)


def test_a_pair_is_clicked(tab: Page) -> None:
    set_number(tab, "frames", 4)
    tab.locator("#pairs .chip").last.click()
    expect(tab.locator("#player .note")).to_contain_text("4 frames in")


def test_an_unknown_id_and_an_empty_text_get_a_sentence(tab: Page) -> None:
    tab.fill("#end-a-query textarea", "1-1")
    tab.press("#end-a-query textarea", "Enter")
    expect(tab.locator(".toast-body").last).to_contain_text("no engraving 1-1")
    tab.locator("[data-testid=toast-close]").last.click()
    tab.locator("#end-a").get_by_role("tab", name="Text").click()
    tab.click("#end-a-imagine")
    expect(tab.locator(".toast-body").last).to_contain_text("text is empty")
    walk(tab, 3)


def test_a_walk_is_stopped_and_the_next_one_begins(tab: Page) -> None:
    set_number(tab, "frames", 48)
    tab.locator("#pairs .chip").last.click()
    expect(tab.locator("#walk-progress")).to_contain_text("%")
    tab.click("#walk-stop")
    expect(tab.locator("#walk-progress")).not_to_contain_text("%")
    expect(tab.locator("#player .note")).to_contain_text("made earlier")
    walk(tab, 5)
    expect(tab.locator("#player .cell")).to_have_count(5)
    expect(tab.locator(".toast-body")).to_have_count(0)
