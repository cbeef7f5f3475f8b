"""The Caption tab."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_tab

FILES = "#caption-files input[type=file]"
CAPTIONS = "#caption-answer .candidate"


def upload(page: Page, *paths: Path) -> None:
    """Drop files in the frame."""
    page.set_input_files(FILES, [str(path) for path in paths])


def caption(page: Page, path: Path) -> None:
    """Drop one file and wait for its captions."""
    upload(page, path)
    expect(page.locator("#caption-answer .note")).to_have_count(0)  # the worked example is gone
    expect(page.locator(CAPTIONS)).to_have_count(5)


def test_a_first_visit_shows_a_worked_example(page: Page) -> None:
    expect(page.locator("#caption-answer .note")).to_contain_text("worked example")
    expect(page.locator(CAPTIONS)).to_have_count(3)
    expect(page.locator("#caption-near .neighbour")).to_have_count(6)


def test_one_picture(page: Page, pictures: list[Path]) -> None:
    caption(page, pictures[0])
    expect(page.locator(CAPTIONS).first).to_contain_text("probability")
    expect(page.locator("#caption-near .neighbour")).to_have_count(5)
    expect(page.locator("#caption-answer .ink.supported").first).to_be_visible()
    expect(page.locator("#caption-near h2")).to_contain_text("as the model remembers it")
    link = page.locator("#caption-near .neighbour a").first
    assert (link.get_attribute("href") or "").startswith("https://www.gutenberg.org/ebooks/")


def test_an_example_is_clicked(page: Page) -> None:
    page.locator("#caption-samples .thumb").nth(1).click()
    expect(page.locator("#caption-answer .note")).to_have_count(0)
    expect(page.locator(CAPTIONS)).to_have_count(5)


def test_bad_files_get_a_sentence_and_the_page_goes_on(page: Page, pictures: list[Path]) -> None:
    folder = pictures[0].parent
    whole = pictures[0].read_bytes()
    bad = {
        "text.jpg": b"this is text",
        "cut.png": whole[: len(whole) // 2],
        "empty.png": b"",
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    Image.new("L", (1, 1)).save(folder / "dot.png")
    for name in [*bad, "dot.png"]:
        upload(page, folder / name)
        toast = page.locator(".toast-body").last
        expect(toast).to_be_visible()
        assert "Traceback" not in toast.inner_text() and len(toast.inner_text()) > 30
        page.locator("[data-testid=toast-close]").last.click()
        page.locator("#caption-files button[aria-label*=lear]").first.click()
        expect(page.locator("#caption-answer .empty")).to_contain_text("Drop an engraving")
    caption(page, pictures[0])


def test_a_captioned_picture_becomes_an_end(page: Page, pictures: list[Path]) -> None:
    caption(page, pictures[1])
    page.locator("#caption-answer").get_by_text("Use as B").click()
    expect(page.get_by_role("tab", name="Interpolate")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#keyframes")).to_contain_text("captioned, two.jpg")


def test_a_neighbour_opens_in_explore(page: Page) -> None:
    page.locator("#caption-near .thumb").first.click()
    expect(page.get_by_role("tab", name="Explore")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#detail .lead")).to_be_visible()
    open_tab(page, "Caption")
    expect(page.locator(CAPTIONS)).to_have_count(3)
