"""What holds for the whole page: it fits a phone, works by keyboard, and asks no stranger."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_map, open_tab, overflow

TABS = ("Caption", "Generate", "Interpolate", "Explore", "Training")


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
@pytest.mark.parametrize("name", TABS)
def test_nothing_is_wider_than_the_screen(page: Page, name: str) -> None:
    open_tab(page, name)
    if name == "Explore":
        open_map(page)
    page.wait_for_timeout(500)
    assert overflow(page) <= 0


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_a_phone_does_the_whole_way(page: Page) -> None:
    open_tab(page, "Generate")
    plate = page.locator("#plates .plate").first
    plate.get_by_text("More", exact=True).click()
    plate.get_by_text("Use as A").click()
    expect(page.locator("#keyframes")).to_contain_text("generated")
    page.locator("#frames input[type=number]").fill("3")
    page.click("#walk")
    expect(page.locator("#player .note")).to_contain_text("3 frames in")
    assert overflow(page) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_in_both_themes(page: Page, address: str, theme: str) -> None:
    page.goto(f"{address}/?__theme={theme}")
    page.wait_for_selector("#caption-answer .words")
    contrast = page.evaluate(
        """() => {
          const light = (colour) => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
              .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const paper = (node) => {
            const colour = getComputedStyle(node).backgroundColor;
            return colour === 'rgba(0, 0, 0, 0)' ? paper(node.parentElement) : light(colour);
          };
          return ['.words', '.facts', '.widget a', '.masthead p', '.chip'].map((query) => {
            const node = document.querySelector(query) ?? document.querySelector('.words');
            const [ink, ground] = [light(getComputedStyle(node).color), paper(node)];
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
          });
        }"""
    )
    assert min(contrast) >= 4.5


def test_the_fonts_of_the_page_are_its_own(page: Page) -> None:
    loaded = page.evaluate(
        "async () => { await document.fonts.ready;"
        " return [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family); }"
    )
    assert any("EB Garamond" in family for family in loaded)


def test_tabs_and_cards_are_reached_by_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Caption").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement !== document.body")
    chip = page.locator("#caption-near .thumb").first
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail .lead")).to_be_visible()


@pytest.mark.parametrize("page", ["phone"], indirect=True)
@pytest.mark.parametrize("name", ["Generate", "Interpolate"])
def test_on_a_phone_sliders_are_wide_and_every_keyframe_is_in_sight(page: Page, name: str) -> None:
    open_tab(page, name)
    sliders = [one for one in page.locator("input[type=range]").all() if one.is_visible()]
    frames = page.locator(".keyframe").filter(visible=True)
    if name == "Interpolate":
        expect(frames).to_have_count(3)  # A, B and the next
    boxes = [one.bounding_box() for one in [*sliders, *frames.all()]]
    assert len(boxes) >= 3
    for box in boxes:
        assert box is not None and box["width"] >= 220 and box["x"] + box["width"] <= 390
    below = "e => e.parentElement.getBoundingClientRect().bottom - e.getBoundingClientRect().bottom"
    settings = [one for one in sliders if one.evaluate("e => !!e.closest('.settings')")]
    assert settings
    assert min(one.evaluate(below) for one in settings) >= 4, "the knob is cut"
