"""The Generate tab."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page, expect

from engrave.image import read_metadata
from tests.browser.conftest import open_tab, overflow

BOTH = pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
PLATES = "#plates .plate:not(.waiting)"
PROMPT = "#prompt textarea"


def set_number(page: Page, box: str, value: int) -> None:
    """Fill a number in."""
    field = page.locator(f"#{box} input[type=number]").first
    field.fill(str(value))
    field.press("Tab")


def ask(page: Page, text: str, num: int, seed: int) -> None:
    """Set text, number and seed, and wait for the plates."""
    open_tab(page, "Generate")
    set_number(page, "num", num)
    set_number(page, "seed", seed)
    page.fill(PROMPT, text)
    page.press(PROMPT, "Enter")
    expect(page.locator("#plates .note")).to_contain_text(" s", use_inner_text=True)
    expect(page.locator("#plates .note")).not_to_contain_text("earlier")
    expect(page.locator(PLATES)).to_have_count(num)
    expect(page.locator("#plates .waiting")).to_have_count(0)


def download(page: Page, position: int) -> Path:
    """Download one plate."""
    with page.expect_download() as download:
        page.locator(PLATES).nth(position).get_by_text("Download").click()
    return Path(download.value.path())


def more(page: Page, position: int, name: str) -> None:
    """Press one of the buttons of a plate that few need."""
    plate = page.locator(PLATES).nth(position)
    plate.get_by_text("More", exact=True).click()
    plate.get_by_role("button", name=name, exact=True).click()


def same(one: Path, other: Path) -> bool:
    """Tell whether two pictures have the same pixels."""
    with Image.open(one) as first, Image.open(other) as second:
        return ImageChops.difference(first, second).getbbox() is None


def test_a_first_visit_shows_plates(page: Page) -> None:
    open_tab(page, "Generate")
    expect(page.locator(PLATES)).to_have_count(4)
    assert page.locator("#prompt-chips .chip").count() >= 6


def test_plates_differ_by_seed_and_come_again_from_it(page: Page) -> None:
    ask(page, "a ship at sea", num=2, seed=11)
    first, second = download(page, 0), download(page, 1)
    assert not same(first, second)
    facts = read_metadata(second)
    assert (facts["prompt"], facts["seed"]) == ("a ship at sea", "12") and facts["model_version"]
    expect(page.locator(f"{PLATES} .near .thumb")).to_have_count(8)
    more(page, 1, "Make again")
    expect(page.locator(PLATES)).to_have_count(1)
    expect(page.locator("#plates .note")).to_contain_text("made again")
    assert page.locator("#seed input").input_value() == "12"
    assert same(second, download(page, 0))


def test_no_text_gives_a_picture_and_its_caption(page: Page) -> None:
    ask(page, "", num=1, seed=5)
    expect(page.locator("#plates .note")).to_contain_text("no text")
    assert page.locator(f"{PLATES} .words").inner_text()


def test_a_chip_makes_its_text(page: Page) -> None:
    open_tab(page, "Generate")
    set_number(page, "num", 1)
    chip = page.locator("#prompt-chips .chip").nth(2)
    text = chip.inner_text()
    chip.click()
    expect(page.locator("#plates .note")).to_contain_text(f"One engraving from “{text}”")
    assert page.locator(PROMPT).input_value() == text


def test_the_random_seed_changes_the_seed(page: Page) -> None:
    open_tab(page, "Generate")
    set_number(page, "seed", 1)
    page.click("#dice")
    page.wait_for_function("() => document.querySelector('#seed input').value !== '1'")


def test_strange_texts_are_only_text(page: Page) -> None:
    strange = "\U0001f981 أسد <img src=x onerror=window.broken=1> ${window.broken=1} {{7*7}}"
    ask(page, strange, num=1, seed=1)
    expect(page.locator("#plates .note")).to_contain_text("{{7*7}}")
    assert page.evaluate("() => window.broken") is None


def test_what_is_too_long_or_no_number_gets_a_sentence(page: Page) -> None:
    open_tab(page, "Generate")
    page.fill(PROMPT, "word " * 5000)
    page.click("#generate")
    expect(page.locator(".toast-body").last).to_contain_text("at most 300")
    page.locator("[data-testid=toast-close]").last.click()
    page.fill("#seed input", "")
    page.press("#seed input", "Tab")
    page.fill(PROMPT, "a ship")
    page.click("#generate")
    expect(page.locator(".toast-body").last).to_contain_text("whole number")
    ask(page, "a ship", num=1, seed=1)


def test_stop_leaves_what_is_there(page: Page) -> None:
    open_tab(page, "Generate")
    set_number(page, "num", 8)
    set_number(page, "steps", 60)
    page.fill(PROMPT, "a castle")
    page.click("#generate")
    expect(page.locator("#plates .waiting").first).to_be_attached()
    page.click("#generate-stop")
    expect(page.locator("#plates .note")).to_contain_text("Stopped after")
    expect(page.locator(".toast-body")).to_have_count(0)
    expect(page.locator("#plates .waiting")).to_have_count(0)
    set_number(page, "steps", 4)
    ask(page, "a castle", num=1, seed=1)


def test_a_plate_goes_to_caption_and_to_interpolate(page: Page) -> None:
    open_tab(page, "Generate")
    more(page, 1, "Use as A")
    expect(page.locator("#keyframes")).to_contain_text("generated, seed")
    open_tab(page, "Generate")
    more(page, 0, "Caption")
    expect(page.get_by_role("tab", name="Caption")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#caption-answer .note")).to_have_count(0)
    expect(page.locator("#caption-answer .candidate")).to_have_count(5)


def open_part(page: Page, name: str) -> None:
    """Open one of the parts below the plates."""
    page.get_by_role("button", name=name).click()


def cut_off(page: Page, part: str) -> list[str]:
    """Return what reaches out of the screen to the right inside of a part."""
    script = """(part) => [...document.querySelectorAll(part + ' *')]
      .filter((node) => node.checkVisibility() && node.getBoundingClientRect().width > 0)
      .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
      .map((node) => node.outerHTML.slice(0, 120))"""
    return list(page.evaluate(script, part))


def small(page: Page) -> None:
    """Make the drawing short."""
    set_number(page, "steps", 4)


@BOTH
def test_a_sheet_of_texts_and_seeds_is_made_and_downloaded(page: Page) -> None:
    open_tab(page, "Generate")
    small(page)
    set_number(page, "seed", 7)
    open_part(page, "A sheet of several texts and seeds")
    page.fill("#sheet-texts textarea", "a ship at sea\nan owl")
    set_number(page, "sheet-seeds", 2)
    page.click("#sheet-run")
    expect(page.locator("#sheet-shown .note")).to_contain_text("4 pictures, row by row")
    expect(page.locator("#sheet-shown img")).to_be_visible()
    assert overflow(page) <= 0
    with page.expect_download() as saved:
        page.locator("#sheet-shown").get_by_text("Download PNG").click()
    assert "an owl" in read_metadata(Path(saved.value.path()))["prompt"]
    with page.expect_download() as saved:
        page.locator("#sheet-shown").get_by_text("Download PDF").click()
    assert Path(saved.value.path()).read_bytes()[:5] == b"%PDF-"
    page.fill("#sheet-texts textarea", "\n".join(f"ship {n}" for n in range(12)))
    page.click("#sheet-run")
    expect(page.locator("#sheet-shown .note")).to_contain_text("of 24 pictures")
    page.click("#sheet-stop")
    expect(page.locator("#sheet-shown .note")).to_contain_text("Stopped")
    expect(page.locator(".toast-body")).to_have_count(0)


def tab_to(page: Page, aim: Locator) -> None:
    """Press Tab until something is reached."""
    for _ in range(300):
        if aim.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{aim} cannot be reached by the Tab key")


@BOTH
def test_the_keyboard_alone_makes_varies_and_keeps(page: Page) -> None:
    open_tab(page, "Generate")
    small(page)
    set_number(page, "num", 2)
    page.focus(PROMPT)
    page.keyboard.press("Control+a")
    page.keyboard.type("a ship at sea")
    page.keyboard.press("Enter")
    expect(page.locator("#plates .note")).not_to_contain_text("earlier")
    expect(page.locator(PLATES)).to_have_count(2)
    expect(page.locator("#plates .waiting")).to_have_count(0)
    vary = page.locator(PLATES).first.get_by_role("button", name="Vary")
    tab_to(page, vary)
    page.keyboard.press("Enter")
    expect(page.locator("#pad .thumb")).to_have_count(9)
    expect(vary).to_be_focused()
    middle = page.locator("#pad .middle img").get_attribute("src")
    cell = page.get_by_role("button", name="Go on from up", exact=True)
    tab_to(page, cell)
    page.keyboard.press("Enter")
    expect(page.locator("#pad .middle img")).not_to_have_attribute("src", str(middle))
    expect(page.locator(PLATES)).to_have_count(1)
    expect(cell).to_be_focused()  # so that the next step needs no walk through the page
    history = page.get_by_role("button", name="History and favourites")
    tab_to(page, history)
    page.keyboard.press("Enter")
    star = page.locator("#shelf .shelf li").first.get_by_role("button").last
    tab_to(page, star)
    page.keyboard.press("Space")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()


@BOTH
def test_nothing_is_cut_off_and_axe_finds_nothing_serious(page: Page) -> None:
    open_tab(page, "Generate")
    small(page)
    ask(page, "a ship at sea in the style of zzyzx", num=2, seed=3)
    for position in (0, 1):
        page.locator(PLATES).nth(position).get_by_role("button", name="Compare").click()
    expect(page.locator("#pair .curtain")).to_be_visible()
    page.locator(PLATES).first.get_by_text("More", exact=True).click()
    page.locator(PLATES).first.get_by_role("button", name="Vary").click()
    expect(page.locator("#pad .thumb")).to_have_count(9)
    for name in ("Less of something", "A sheet of several", "History and favourites"):
        open_part(page, name)
    expect(page.locator("#shelf .shelf li").first).to_be_visible()
    page.wait_for_timeout(500)
    assert overflow(page) <= 0
    for part in ("#plates", "#pad", "#pair", "#shelf", "#sheet"):
        assert cut_off(page, part) == []
    found = Axe().run(page, context="#tabs")
    assert len(found.response["passes"]) > 10, "axe has looked at something"
    grave = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == []
