"""The caption desk: a batch is reviewed by keyboard alone, on a desk and on a phone."""

import csv
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engrave.review.project import read_project
from tests.browser.conftest import overflow
from tests.browser.test_caption import upload
from tests.fakes import noise

ROWS = "#caption-table tbody tr"
SIZES = pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
GRADIO = 'button[aria-label="common.upload"]'  # Gradio's own, a button round its file field


def batch(page: Page, pictures: list[Path]) -> None:
    """Drop several files and wait until the batch is done."""
    upload(page, *pictures)
    expect(page.locator(ROWS)).to_have_count(len(pictures))
    expect(page.locator("#caption-table")).to_contain_text("on the desk")
    expect(page.locator("#caption-editor form")).to_be_visible()


def export(page: Page, form: str) -> Path:
    """Make a file and download it."""
    page.locator("#desk-format").select_option(form)
    page.get_by_role("button", name="Make the file").click()
    link = page.locator("#caption-away a")
    expect(link).to_contain_text("captions")
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path())


@SIZES
def test_a_batch_is_reviewed_by_keyboard(page: Page, pictures: list[Path]) -> None:
    batch(page, pictures)
    page.locator("#desk-reviewer").focus()
    page.keyboard.type("Ada")
    page.locator("#desk-caption").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" and a tower")
    page.keyboard.press("Alt+a")
    expect(page.locator("#caption-editor .note")).to_contain_text("one.png: accepted")
    expect(page.locator("#caption-editor h2")).to_contain_text("two.jpg")
    expect(page.locator("#desk-caption")).to_be_focused()
    page.keyboard.press("Alt+r")
    expect(page.locator("#caption-editor h2")).to_contain_text("three.tif")
    page.keyboard.press("Alt+p")
    expect(page.locator("#caption-editor h2")).to_contain_text("two.jpg")
    expect(page.locator("#caption-editor h2 .state")).to_have_text("Rejected")
    states = [text.strip() for text in page.locator(f"{ROWS} .state").all_inner_texts()]
    assert states == ["Accepted", "Rejected", "Machine"]
    with export(page, "csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["caption"].endswith("and a tower") and row["reviewer"] == "Ada"
    assert row["mark"] == "machine text, edited and accepted by a person"
    assert overflow(page) <= 0


@SIZES
def test_no_serious_finding_of_axe(page: Page, pictures: list[Path]) -> None:
    batch(page, pictures)
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], node["target"], node["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
        if node["target"] != [GRADIO]
    ]
    assert serious == []


def test_a_project_goes_on_after_a_reload(page: Page, pictures: list[Path]) -> None:
    batch(page, pictures)
    page.locator("#desk-title").fill("The Tower")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#caption-editor .note")).to_contain_text("saved")
    saved = export(page, "project")
    (first, *_) = read_project(saved.read_bytes())
    assert (first.title, first.state) == ("The Tower", "edited")
    named = saved.with_name("captions.jsonl")
    named.write_bytes(saved.read_bytes())
    page.reload()
    page.wait_for_selector("#caption-answer .widget > *")
    page.set_input_files(
        "#caption-load input[type=file], input[type=file][accept*='.jsonl']", named
    )
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("#desk-title")).to_have_value("The Tower")


def test_a_long_batch_is_stopped_and_goes_on(page: Page, tmp_path: Path) -> None:
    many = [noise(tmp_path / f"{number}.png", seed=number) for number in range(12)]
    upload(page, *many)
    page.locator("#caption-table").get_by_role("button", name="Stop").click()
    expect(page.locator("#caption-table")).to_contain_text("to go.")
    page.wait_for_timeout(6000)
    done = page.locator(ROWS).count()
    page.wait_for_timeout(3000)
    assert page.locator(ROWS).count() == done < 12
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(ROWS)).to_have_count(12)


def test_a_bad_file_is_told_in_the_table(page: Page, pictures: list[Path]) -> None:
    bad = pictures[0].with_name("bad.jpg")
    bad.write_text("no picture at all")
    upload(page, *pictures, bad)
    expect(page.locator("#caption-table .failed")).to_contain_text("no picture")
    expect(page.locator(ROWS)).to_have_count(4)
