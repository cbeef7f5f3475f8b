"""Own collections in the Explore tab: imported, searched, changed, compared and removed."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_map, open_tab, overflow, serious
from tests.drawings import SHAPES, draw


@pytest.fixture
def prints(tmp_path: Path) -> list[Path]:
    """Eight drawings and a file that is no picture."""
    for shape in SHAPES:
        for side in ("left", "right"):
            draw(shape, side, side == "left").save(tmp_path / f"{shape}-{side}.png")
    (tmp_path / "bad.png").write_text("no picture")
    return sorted(tmp_path.iterdir())


def points(page: Page, count: int) -> None:
    """Wait until the map shows so many."""
    expect(page.locator("[data-points]")).to_have_attribute("data-points", str(count))


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_a_collection_from_import_to_removal(page: Page, prints: list[Path]) -> None:
    open_map(page)
    shipped = int(page.locator("[data-points]").get_attribute("data-points") or 0)
    name = f"drawn-{prints[0].parent.name[-8:].strip('-_').lower()}"
    page.get_by_text("Own collections:").click()
    page.set_input_files("#import-files input[type=file]", prints)
    page.fill("#import-name textarea", name)
    expect(page.locator("#import-files")).to_contain_text("bad")
    page.click("#import")
    points(page, 8)
    expect(page.locator("#import-report")).to_contain_text("8 pictures added")
    expect(page.locator("#import-report td")).to_contain_text("no picture")
    name = page.input_value("#chooser-select")
    assert name.startswith("drawn")
    expect(page.locator("#detail figcaption")).to_have_text("as it was imported")

    page.fill("#search textarea", "a circle")
    page.press("#search textarea", "Enter")
    expect(page.locator("#choice .chosen li")).to_have_count(8)
    page.wait_for_function("() => location.hash.includes('collection=drawn')")

    page.locator("#detail summary").focus()
    page.keyboard.press("Enter")
    page.locator("#detail textarea").fill("a thing with hatching")
    page.locator("#detail").get_by_text("Save", exact=True).click()
    expect(page.locator("#detail .lead")).to_have_text("a thing with hatching")
    assert overflow(page) <= 0

    page.reload()  # the address brings it back
    points(page, 8)
    expect(page.locator("#chooser-select")).to_have_value(name)
    page.get_by_text("Own collections:").click()
    own = page.locator("#own")
    own.get_by_role("tab", name="Compare").click()
    page.locator("#compare select").nth(1).select_option(name)
    page.locator("#compare").get_by_role("button", name="Compare", exact=True).click()
    points(page, shipped + 8)
    expect(page.locator("#map .legend-chip").first).to_contain_text("the collection of Engrave")
    expect(page.locator("#compare .note")).to_have_count(2)

    page.select_option("#chooser-select", name)
    points(page, 8)
    own.get_by_role("tab", name="Versions").click()
    page.locator("#versions").get_by_text("Undo the last change").click()
    expect(page.locator("#versions tbody tr")).to_have_count(4)
    page.locator("#versions").get_by_text("Remove this collection").click()
    page.locator("#versions").get_by_text("Yes, remove it").click()
    points(page, shipped)
    expect(page.locator("#chooser-select")).to_have_value("")


def imported(page: Page, prints: list[Path], name: str) -> str:
    """Import eight drawings and a table of facets; return what the collection is called."""
    open_map(page)
    name = f"{name}-{prints[0].parent.name[-8:].strip('-_').lower()}"
    table = prints[0].parent / "list.csv"
    lines = [f"{one.name};{one.stem.split('-')[-1]};{one.stem[0]}" for one in prints]
    table.write_text("\n".join(["file_name;A#b?c%41/d;cluster", *lines]) + "\n")
    page.get_by_text("Own collections:").click()
    page.set_input_files("#import-files input[type=file]", [*prints, table])
    page.fill("#import-name textarea", name)
    expect(page.locator("#import-files")).to_contain_text("list")
    page.click("#import")
    points(page, 8)
    return page.input_value("#chooser-select")


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_pictures_without_words_have_names_and_facets_of_any_name_colour(
    page: Page, prints: list[Path]
) -> None:
    imported(page, prints, "bare")
    choice = page.locator("#choice")
    for form in ("pictures", "table"):
        choice.locator(f"[data-tool={form}]").click()
        named = "circle-left.png"
        assert choice.get_by_role("checkbox", name=f"Select: {named}").count() == 1
        assert choice.get_by_role("button", name=f"Open: {named}").count() == 1
    assert all(words.strip() for words in choice.locator(".row-open").all_inner_texts())
    page.locator("#detail summary").click()
    for part in ("Import", "Versions", "Compare"):
        page.locator("#own").get_by_role("tab", name=part).click()
        assert not serious(page)
    for facet in ("a#b?c%41/d", "cluster of the source", "cluster"):
        page.locator("#map select").select_option(facet)
        expect(page.locator("[data-points]")).to_have_attribute("data-facet", facet)
    page.locator("#map select").select_option("a#b?c%41/d")
    expect(page.locator("#map .legend-chip")).to_have_text(["left 4", "right 4"])


def test_a_link_opens_the_same_picture_after_a_change(page: Page, prints: list[Path]) -> None:
    imported(page, prints, "linked")
    page.locator("#choice .chosen .thumb").nth(5).click()
    expect(page.locator("[data-points]")).to_have_attribute("data-focus", "5")
    page.locator("#choice .chosen input").nth(6).check()
    page.wait_for_function(
        "() => /selected=.*rows=/.test(location.hash) && /open=/.test(location.hash)"
    )
    page.wait_for_timeout(400)
    link, file = page.url, page.locator("#detail .facts").nth(1).inner_text()
    page.locator("#choice .chosen .thumb").nth(0).click()
    page.locator("#detail summary").click()
    page.locator("#detail").get_by_text("Take this picture out").click()
    points(page, 7)
    page.goto("about:blank")
    page.goto(link)
    points(page, 7)
    expect(page.locator("[data-points]")).to_have_attribute("data-focus", "4")
    expect(page.locator("#detail .facts").nth(1)).to_have_text(file)
    expect(page.locator(".toast-body")).to_contain_text("was changed since")
    expect(page.locator("[data-points]")).to_have_attribute("data-selected", "0")


def test_a_walk_opens_no_picture_of_another_collection(page: Page, prints: list[Path]) -> None:
    imported(page, prints, "other")
    open_tab(page, "Interpolate")
    page.locator("#player .nearest .thumb").click()
    expect(page.locator(".toast-body")).to_contain_text("of another collection")
