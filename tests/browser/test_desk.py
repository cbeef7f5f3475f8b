"""The caption desk: a batch is reviewed by keyboard alone, on a desk and on a phone."""

import csv
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from engrave.review.project import read_project
from tests.browser.conftest import open_map, open_tab, overflow
from tests.browser.test_caption import FILES, upload
from tests.drawings import SHAPES, draw
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
    assert row["mark"] == "machine text, edited and accepted by a person; by a person: caption"
    assert overflow(page) <= 0


@SIZES
def test_one_text_is_accepted_and_another_rejected(page: Page, pictures: list[Path]) -> None:
    batch(page, pictures)
    note = page.locator("#caption-editor .note")
    page.locator("#desk-reviewer").fill("Ada")
    page.locator("#desk-title").fill("The Tower")
    page.get_by_role("button", name="Accept the caption alone").click()
    expect(note).to_contain_text("one.png: caption accepted")
    expect(page.locator("#desk-title")).to_have_value("The Tower")
    page.get_by_role("button", name="Reject the alternative text alone").press("Enter")
    expect(note).to_contain_text("alternative text rejected")
    states = [text.strip() for text in page.locator(".verdict .state").all_inner_texts()]
    assert states[:3] == ["Accepted", "Rejected", "Edited"]
    expect(
        page.locator(".field", has=page.locator("#desk-printed")).locator(".state")
    ).to_have_count(0)
    assert min(box["width"] for one in page.locator(f"{ROWS} img").all()
               if (box := one.bounding_box())) >= 40, "no thumbnail is squeezed"  # fmt: skip
    page.get_by_role("button", name="Open the alternative text again").click()
    expect(note).to_contain_text("Open again")
    page.get_by_role("button", name="Reject the alternative text alone").click()
    expect(note).to_contain_text("alternative text rejected")
    with export(page, "csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["caption"] and not row["alt_text"] and not row["printed_title"]
    assert row["state"] == "edited" and "rejected: alternative text" in row["mark"]
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


def test_a_reload_brings_the_desk_back_and_shows_it_to_nobody_else(
    page: Page, browser: Browser, address: str, pictures: list[Path]
) -> None:
    batch(page, pictures)
    page.locator("#desk-reviewer").fill("Ada")
    page.locator("#desk-title").fill("The Tower")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("#caption-editor .note")).to_contain_text("one.png: accepted")
    page.reload()
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("#caption-editor .note")).to_contain_text("as it was before")
    expect(page.locator("#caption-editor h2")).to_contain_text("two.jpg")
    expect(page.locator("#caption-answer img").first).to_be_visible()
    row(page, 0)
    expect(page.locator("#desk-title")).to_have_value("The Tower")
    stranger = browser.new_context()
    other = stranger.new_page()
    other.goto(address)
    other.wait_for_selector("#caption-answer .widget > *")
    other.wait_for_timeout(1500)  # nothing comes late either
    expect(other.locator(ROWS)).to_have_count(0)
    stranger.close()
    again = page.context.new_page()  # a second tab begins afresh, until the first is closed
    again.goto(address)
    again.wait_for_selector("#caption-answer .widget > *")
    again.wait_for_timeout(1500)
    expect(again.locator(ROWS)).to_have_count(0)
    page.close()
    again.close()
    last = browser.contexts[-1].new_page()
    last.goto(address)
    expect(last.locator(ROWS)).to_have_count(3)


def large(folder: Path, count: int) -> list[Path]:
    """Write pictures that are long to read, whatever captions them."""
    paths = [folder / f"{number}.png" for number in range(count)]
    for shade, path in enumerate(paths):
        Image.new("L", (5000, 5000), shade).save(path)
    return paths


def test_a_batch_that_a_reload_broke_off_goes_on(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    context = browser.new_context()  # Gradio complains of a stream that a reload cuts
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#caption-answer .widget > *")
    many = large(tmp_path, 20)
    page.once("dialog", lambda dialog: dialog.accept())
    upload(page, *many)
    expect(page.locator("#caption-table progress")).to_be_visible()
    page.reload()
    expect(page.locator("#caption-table")).to_contain_text("to go.")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#caption-table")).to_contain_text("20 pictures on the desk.")
    with export(page, "project").open(encoding="utf-8") as stream:
        assert len(read_project(stream.read().encode())) == 20
    context.close()


def test_a_project_goes_on_another_day(
    page: Page, browser: Browser, address: str, pictures: list[Path]
) -> None:
    batch(page, pictures)
    page.locator("#desk-title").fill("The Tower")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#caption-editor .note")).to_contain_text("saved")
    saved = export(page, "project")
    (first, *_) = read_project(saved.read_bytes())
    assert (first.title, first.state) == ("The Tower", "edited")
    named = saved.with_name("captions.jsonl")
    named.write_bytes(saved.read_bytes())
    other = browser.new_context()
    page = other.new_page()
    page.goto(address)
    page.wait_for_selector("#caption-answer .widget > *")
    page.set_input_files(
        "#caption-load input[type=file], input[type=file][accept*='.jsonl']", named
    )
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("#desk-title")).to_have_value("The Tower")
    other.close()


def row(page: Page, number: int) -> None:
    """Open a record by its row."""
    page.locator(ROWS).nth(number).get_by_role("button").click()
    expect(page.locator(ROWS).nth(number).get_by_role("button")).to_have_attribute(
        "aria-current", "true"
    )


def asked_to_stay(page: Page) -> bool:
    """Reload, and tell whether the page warned before."""
    seen: list[str] = []
    page.once("dialog", lambda dialog: (seen.append(dialog.type), dialog.accept()))
    page.reload()
    page.wait_for_selector("#caption-answer .widget > *")
    return seen == ["beforeunload"]


@pytest.mark.parametrize("way", ["row", "take", "undo", "style", "load", "drop"])
def test_what_is_typed_outlives_a_click_elsewhere(
    way: str, page: Page, pictures: list[Path]
) -> None:
    batch(page, pictures)
    saved = export(page, "project")
    named = saved.with_name("captions.jsonl")
    named.write_bytes(saved.read_bytes())
    note = page.locator("#caption-editor .note")
    if way == "undo":
        page.locator("#desk-reviewer").fill("Ada")
        page.get_by_role("button", name="Accept", exact=True).click()
        expect(note).to_contain_text("one.png: accepted")
        row(page, 0)
    page.locator("#desk-title").fill("The Tower")
    if way == "row":
        row(page, 1)
    elif way == "take":
        page.get_by_role("button", name="Take caption 3 into the editor").click()
        expect(note).to_contain_text("Taken over")
    elif way == "undo":
        page.get_by_role("button", name="Open again").click()
        expect(note).to_contain_text("Open again")
    elif way == "style":
        page.locator("#caption-style button").first.click()
        page.get_by_label("Fewest words").fill("1")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#caption-editor h2 .state")).to_have_text("Edited")
    elif way == "load":
        page.set_input_files("input[type=file][accept*='.jsonl']", named)
        expect(note).to_contain_text("were taken in")
    else:
        page.set_input_files(FILES, [str(noise(named.with_name("new.png"), seed=9))])
        expect(page.locator("#caption-editor h2")).to_contain_text("new.png")
    row(page, 1)
    expect(page.locator("#desk-title")).to_have_value("")
    row(page, 0)
    expect(page.locator("#desk-title")).to_have_value("The Tower")
    with export(page, "project").open(encoding="utf-8") as stream:
        assert "The Tower" in stream.read()


def test_what_is_typed_while_an_answer_is_on_its_way_stays(
    page: Page, pictures: list[Path]
) -> None:
    batch(page, pictures)
    page.route("**/queue/join*", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.locator("#desk-title").fill("The Tower")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#desk-printed").fill("FIG. 1")
    expect(page.locator("#caption-editor .note")).to_contain_text("saved")
    expect(page.locator("#desk-printed")).to_have_value("FIG. 1")
    page.get_by_role("button", name="Next", exact=True).click()
    page.locator("#desk-title").fill("The Gate")
    expect(page.locator("#caption-editor h2")).to_contain_text("two.jpg")
    expect(page.locator("#desk-title")).to_have_value("")
    row(page, 0)
    expect(page.locator("#desk-title")).to_have_value("The Gate")
    expect(page.locator("#desk-printed")).to_have_value("FIG. 1")


def test_a_page_with_work_that_is_not_downloaded_asks_before_it_goes(
    page: Page, pictures: list[Path]
) -> None:
    assert not asked_to_stay(page)
    batch(page, pictures)
    expect(page.locator("#caption-table")).to_contain_text("3 records not downloaded yet")
    export(page, "project")
    expect(page.locator("#caption-table")).not_to_contain_text("not downloaded")
    page.locator("#desk-title").fill("The Tower")
    assert asked_to_stay(page)
    batch(page, pictures)
    export(page, "project")
    expect(page.locator("#caption-table")).not_to_contain_text("not downloaded")
    assert not asked_to_stay(page)


def test_evidence_is_of_the_shipped_collection_whatever_explore_shows(
    page: Page, pictures: list[Path], tmp_path: Path
) -> None:
    for number in range(4):
        draw(SHAPES[number % len(SHAPES)], "left", True).save(tmp_path / f"own-{number}.png")
    open_map(page)
    page.get_by_text("Own collections:").click()
    page.set_input_files("#import-files input[type=file]", sorted(tmp_path.glob("own-*.png")))
    page.fill("#import-name textarea", f"own-{tmp_path.name[-6:].strip('-_').lower()}")
    expect(page.locator("#import-files")).to_contain_text("own-3")
    page.click("#import")
    expect(page.locator("[data-points]")).to_have_attribute("data-points", "4")
    open_tab(page, "Caption")
    batch(page, pictures)
    expect(page.locator("#caption-near .neighbour")).to_have_count(5)
    for link in page.locator("#caption-near .neighbour a").all():
        assert (link.get_attribute("href") or "").startswith("https://www.gutenberg.org/ebooks/")


def test_a_long_batch_is_stopped_and_goes_on(page: Page, tmp_path: Path) -> None:
    many = large(tmp_path, 12)
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
