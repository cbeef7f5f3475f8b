"""The Training tab."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_tab, overflow
from tests.train.logs import earlier, healthy, write


@pytest.fixture
def tab(page: Page) -> Page:
    """The page with the tab open and its curves drawn."""
    open_tab(page, "Training")
    page.wait_for_selector("#training-curves [data-stages]")
    page.wait_for_selector("#training-curves .chart[data-drawn]")
    return page


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_a_first_visit_shows_curves_figures_and_fits_the_screen(tab: Page) -> None:
    assert tab.locator("#training-curves .curve").count() > 5
    expect(tab.locator("#training-figures thead")).to_contain_text("the earlier run")
    expect(tab.locator("#training-figures tbody")).to_contain_text("0.694")
    expect(tab.locator("#training-about .facts")).to_contain_text("million parameters")
    assert overflow(tab) <= 0


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_the_reliability_of_captions_is_drawn_and_told(tab: Page) -> None:
    trust = tab.locator("#training-trust")
    trust.scroll_into_view_if_needed()
    expect(trust.locator("p").nth(1)).to_contain_text("I am not sure")
    expect(trust.locator(".chart[data-drawn='2']")).to_be_visible()
    expect(trust.locator("tbody tr")).to_have_count(10)
    assert overflow(tab) <= 0


def test_each_stage_has_its_curves(tab: Page) -> None:
    choose = tab.get_by_label("Stage")
    for stage in choose.locator("option").all_inner_texts():
        choose.select_option(stage)
        expect(tab.locator("#training-curves .curve").first).to_be_visible()
        tab.wait_for_selector("#training-curves .chart[data-drawn]")


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_the_shipped_run_gets_its_report_by_keyboard(tab: Page) -> None:
    tab.get_by_role("button", name="Report on this run").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#training-report .lead")).to_contain_text("of 5")
    assert tab.locator("#training-report .verdicts li").count() > 3
    opener = tab.get_by_role("button", name="Read the whole report here")
    opener.focus()
    tab.keyboard.press("Enter")
    inside = tab.frame_locator("#training-report iframe")
    expect(inside.locator("h1")).to_contain_text("Training report")
    inside.locator(".chart").first.scroll_into_view_if_needed()  # charts are drawn when seen
    inside.locator(".chart .main-svg").first.wait_for(state="attached")
    inside.get_by_role("link", name="Recommendations").click()
    expect(inside.get_by_role("heading", name="Recommendations")).to_be_in_viewport()
    assert overflow(tab) <= 0


def test_a_log_of_ones_own_is_judged_and_its_report_downloads(tab: Page, tmp_path: Path) -> None:
    log = write(tmp_path, earlier(), "earlier-run.jsonl")
    tab.set_input_files("#training-log input[type=file]", log)
    expect(tab.locator("#training-own h2")).to_have_text("Report on earlier-run.jsonl")
    expect(tab.locator("#training-own .verdicts").first).to_contain_text("alignment shrank it")
    for name, begins in (("HTML", "<!doctype"), ("Markdown", "# Training"), ("JSON", "{")):
        with tab.expect_download() as held:
            tab.locator("#training-own").get_by_text(f"Download {name}").click()
        text = Path(held.value.path()).read_text(encoding="utf-8")
        assert text.startswith(begins)


def test_a_file_that_is_no_log_gets_a_sentence_and_the_next_one_a_report(
    tab: Page, tmp_path: Path
) -> None:
    bad = tmp_path / "poem.txt"
    bad.write_text("A poem and no log")
    tab.set_input_files("#training-log input[type=file]", bad)
    expect(tab.locator(".toast-body").first).to_contain_text("poem.txt is no log we can read; give")
    tab.locator("#training-log").get_by_label("Clear").first.click()
    tab.set_input_files("#training-log input[type=file]", write(tmp_path, healthy(200)))
    expect(tab.locator("#training-own .lead")).to_contain_text("of 5")
