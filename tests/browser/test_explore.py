"""The Explore tab."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_map, serious

FIND_LONELY = """(least) => {
  const plot = document.querySelector('.map-canvas');
  const { xaxis, yaxis } = plot._fullLayout;
  const { x, y } = plot._fullData[0];
  const places = Array.from(x, (value, i) => [xaxis.l2p(value), yaxis.l2p(y[i])]);
  const box = plot.getBoundingClientRect();
  let best = null;
  for (let i = 0; i < places.length; i++) {
    const [left, top] = places[i];
    if (left < 30 || top < 30 || left > box.width - 70 || top > box.height - 30) continue;
    let room = Infinity;
    for (let j = 0; j < places.length; j++)
      if (j !== i) room = Math.min(room, Math.hypot(places[j][0] - left, places[j][1] - top));
    if (!best || room > best.room) best = { index: i, x: box.left + left, y: box.top + top, room };
    if (room > least) break;
  }
  return best;
}"""

SPAN = """() => {
  const [left, right] = document.querySelector('.map-canvas')._fullLayout.xaxis.range;
  return right - left;
}"""


@pytest.fixture
def tab(page: Page) -> Page:
    """The page with the map drawn."""
    open_map(page)
    return page


def state(page: Page, name: str) -> str:
    """Return what the map says of itself."""
    return page.locator("[data-points]").get_attribute(f"data-{name}") or ""


def lonely_point(page: Page) -> dict[str, Any]:
    """Return a point with room round it, and where it is on the screen."""
    page.locator(".map-canvas").scroll_into_view_if_needed()
    found: dict[str, Any] = page.evaluate(FIND_LONELY, 16)
    return found


def draw(page: Page, tool: str, corners: list[tuple[float, float]]) -> None:
    """Draw on the map with a tool, corners being shares of its width and height."""
    page.locator(f"#map [data-tool={tool}]").click()
    page.locator(".map-canvas").scroll_into_view_if_needed()
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_a_first_visit_shows_the_map_and_one_engraving(tab: Page) -> None:
    assert int(state(tab, "points")) > 0 and state(tab, "shown") == state(tab, "points")
    expect(tab.locator("#detail .lead")).to_be_visible()
    expect(tab.locator("#detail figcaption")).to_have_text("as the model remembers it")
    assert tab.locator("#map .legend-chip").count() > 3


def test_a_hover_shows_picture_and_caption(tab: Page) -> None:
    point = lonely_point(tab)
    tab.mouse.move(point["x"] - 4, point["y"] - 4)
    tab.mouse.move(point["x"], point["y"])
    card = tab.locator(".map-card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("as the model remembers it")
    expect(card.locator("p")).not_to_have_text("…")
    assert "atlas-" in card.locator(".sprite").evaluate("(node) => node.style.backgroundImage")


def test_a_click_opens_an_engraving_and_hands_it_on(tab: Page) -> None:
    point = lonely_point(tab)
    tab.mouse.move(point["x"], point["y"])
    tab.mouse.click(point["x"], point["y"])
    expect(tab.locator("[data-points]")).to_have_attribute("data-focus", str(point["index"]))
    expect(tab.locator("#detail .near .thumb")).to_have_count(8)
    link = tab.locator("#detail .facts a").first
    assert (link.get_attribute("href") or "").startswith("https://www.gutenberg.org/ebooks/")
    words = tab.locator("#detail .lead").inner_text()
    tab.locator("#detail").get_by_text("Use as B").click()
    expect(tab.locator("#keyframes .keyframe .words >> nth=-1")).to_have_text(words)


def test_every_facet_colours_and_the_legend_filters(tab: Page) -> None:
    all_points = int(state(tab, "points"))
    tab.wait_for_selector("[data-insight]", state="attached")
    for facet in ("technique", "book", "decade", "cluster", "trust", "likeness", "subject"):
        tab.locator("#map select").select_option(facet)
        expect(tab.locator("[data-points]")).to_have_attribute("data-facet", facet)
    tab.locator("#map .legend-chip").first.click()
    expect(tab.locator("#map .map-state")).to_contain_text(" of ")
    assert 0 < int(state(tab, "shown")) < all_points
    tab.locator("#map").get_by_text("Select these").click()
    expect(tab.locator("[data-points]")).to_have_attribute("data-selected", state(tab, "shown"))
    tab.locator("#map").get_by_text("Show all").click()
    expect(tab.locator("[data-points]")).to_have_attribute("data-shown", str(all_points))


def test_a_search_lists_rings_and_places(tab: Page) -> None:
    tab.fill("#search textarea", "a ship in a storm")
    tab.press("#search textarea", "Enter")
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    expect(tab.locator("#choice .chosen li")).to_have_count(24)
    expect(tab.locator(".map-pin")).to_contain_text("a ship in a storm")
    tab.locator("#choice .thumb").nth(3).click()
    expect(tab.locator("[data-points]")).not_to_have_attribute("data-focus", "")
    tab.click("#search-clear")
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "0")
    expect(tab.locator(".map-pin")).to_have_count(0)


def test_a_picture_is_searched_by_and_placed(tab: Page, pictures: list[Path]) -> None:
    tab.get_by_text("Search by a picture").click()
    tab.set_input_files("#search-file input[type=file]", pictures[0])
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    expect(tab.locator(".map-pin")).to_contain_text("your picture")
    expect(tab.locator("#choice [role=status]").first).to_contain_text("On the map at")


def test_lasso_and_box_select_and_shift_adds(tab: Page) -> None:
    draw(tab, "lasso", [(0.2, 0.2), (0.6, 0.2), (0.6, 0.9), (0.2, 0.9)])
    expect(tab.locator("[data-points]")).not_to_have_attribute("data-selected", "0")
    first = int(state(tab, "selected"))
    expect(tab.locator("#choice")).to_contain_text(f"Selected ({first:,})")
    tab.keyboard.down("Shift")
    draw(tab, "box", [(0.5, 0.05), (0.98, 0.98)])
    tab.keyboard.up("Shift")
    expect(tab.locator("[data-points]")).not_to_have_attribute("data-selected", str(first))
    assert int(state(tab, "selected")) > first
    tab.locator("#map").get_by_text("Clear selection").click()
    expect(tab.locator("[data-points]")).to_have_attribute("data-selected", "0")


def test_a_line_becomes_a_walk_and_a_path(tab: Page) -> None:
    draw(tab, "walk", [(0.2, 0.3), (0.8, 0.7)])
    expect(tab.locator("#choice h2")).to_contain_text("A walk")
    expect(tab.locator("#choice .chosen li")).to_have_count(6)
    expect(tab.locator("[data-points]")).to_have_attribute("data-path", "6")
    tab.get_by_text("Walk through these in Interpolate").click()
    expect(tab.locator("#player .note")).to_contain_text("through 6 engravings")
    tab.locator("#player").get_by_text("Show on the map").click()
    expect(tab.locator("[data-points]")).to_have_attribute("data-path", "36")


def test_an_empty_place_is_drawn(tab: Page) -> None:
    tab.locator(".map-canvas").scroll_into_view_if_needed()
    box = tab.locator(".map-canvas").bounding_box()
    assert box is not None
    tab.mouse.click(box["x"] + 12, box["y"] + box["height"] - 12)
    tab.locator(".map-ask button").click()
    expect(tab.locator("#detail figcaption")).to_have_text(
        "drawn by the model for this place of the map"
    )
    expect(tab.locator(".map-pin")).to_have_count(1)
    tab.locator("#detail").get_by_text("Use as A").click()
    expect(tab.locator("#keyframes .keyframe .facts >> nth=0")).to_contain_text(
        "drawn by the model"
    )


def test_the_table_does_all_by_keyboard(tab: Page) -> None:
    tab.locator("#choice").get_by_text("Table", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#choice tbody tr")).to_have_count(24)
    tab.locator("#choice").get_by_role("button", name="Year").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#choice th[aria-sort=ascending]")).to_have_text("Year ↑")
    for row in (0, 1):
        tab.locator("#choice tbody input[type=checkbox]").nth(row).focus()
        tab.keyboard.press("Space")
        expect(tab.locator("[data-points]")).to_have_attribute("data-selected", str(row + 1))
    words = tab.locator("#choice tbody .row-open").nth(2)
    told = words.inner_text()
    words.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#detail .lead")).to_have_text(told)


@pytest.mark.parametrize(
    ("words", "name"),
    [("CSV", ".csv"), ("Contact sheet (PDF)", ".pdf"), ("Pictures (ZIP)", ".zip")],
)
def test_a_selection_is_taken_away(tab: Page, words: str, name: str) -> None:
    tab.locator("#choice .chosen input").nth(0).check()
    expect(tab.locator("#choice")).to_contain_text("Take away the 1 selected engraving")
    with tab.expect_download() as download:
        tab.locator("#choice").get_by_text(words, exact=True).click()
    assert download.value.suggested_filename.endswith(name)
    assert download.value.path().stat().st_size > 200


def test_a_cluster_gets_a_name_that_stays(tab: Page) -> None:
    tab.wait_for_selector("[data-insight]", state="attached")
    tab.locator("#map select").select_option("cluster")
    field = tab.get_by_label("Name of cluster 1", exact=True)
    field.fill("What I call it")
    field.press("Enter")
    expect(tab.locator("#map .legend-chip").first).to_contain_text("What I call it")
    tab.reload()
    expect(tab.locator("#map .legend-chip").first).to_contain_text("What I call it")


def test_zoomed_in_points_become_thumbnails(tab: Page) -> None:
    counts = []
    for _ in range(3):
        before = state(tab, "thumbnails")
        tab.get_by_label("Zoom in").click()
        tab.wait_for_timeout(400)
        counts.append(int(state(tab, "thumbnails") or before))
    assert counts[-1] > 0


def test_a_link_brings_back_the_view(tab: Page) -> None:
    tab.fill("#search textarea", "a ship")
    tab.press("#search textarea", "Enter")
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    tab.locator("#map select").select_option("decade")
    tab.locator("#map .legend-chip").nth(1).click()
    tab.get_by_label("Zoom in").click()
    tab.locator("#choice .chosen input").nth(0).check()
    expect(tab.locator("[data-points]")).to_have_attribute("data-selected", "1")
    tab.wait_for_function(
        "() => location.hash.includes('selected=') && location.hash.includes('view=')"
    )
    span = tab.evaluate(SPAN)
    shown = state(tab, "shown")
    tab.goto("about:blank")
    tab.go_back()
    tab.wait_for_selector("[data-points]", state="attached")
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    expect(tab.locator("[data-points]")).to_have_attribute("data-selected", "1")
    expect(tab.locator("#search textarea")).to_have_value("a ship")
    assert (state(tab, "facet"), state(tab, "shown")) == ("decade", shown)
    assert tab.evaluate(SPAN) == pytest.approx(span, abs=0.01)


def test_zooming_and_the_whole_map(tab: Page) -> None:
    before = tab.evaluate(SPAN)
    tab.get_by_label("Zoom in").click()
    tab.wait_for_function(f"(before) => ({SPAN})() < before", arg=before)
    tab.get_by_label("Show the whole map").click()
    tab.wait_for_function(f"(before) => Math.abs(({SPAN})() - before) < 1e-3", arg=before)


def test_a_neighbour_opens_its_own_neighbours(tab: Page) -> None:
    before = tab.locator("#detail .facts").nth(1).inner_text()
    tab.locator("#detail .near .thumb").first.click()
    expect(tab.locator("#detail .facts").nth(1)).not_to_have_text(before)


RANGES = """() => {
  const { xaxis, yaxis } = document.querySelector('.map-canvas')._fullLayout;
  return [...xaxis.range, ...yaxis.range].map(Number);
}"""


def ranges(page: Page) -> list[float]:
    """Return left, right, bottom and top of what the map shows, once it stands still."""
    page.wait_for_function(
        "() => !document.querySelector('.map-canvas .plot-container').style.transform"
    )
    page.wait_for_timeout(900)  # longer than the map waits for another move
    found: list[float] = page.evaluate(RANGES)
    return found


def pan(page: Page, across: float, down: float) -> None:
    """Drag the map by so many pixels."""
    page.locator(".map-canvas").scroll_into_view_if_needed()
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 200 + across, box["y"] + 150 + down, steps=6)
    page.mouse.up()


def again(page: Page) -> None:
    """Open the link that the address is now."""
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector("[data-points]", state="attached")


@pytest.mark.parametrize("zoomed", [False, True])
def test_a_link_brings_back_the_place(tab: Page, zoomed: bool) -> None:
    if zoomed:
        for _ in range(3):
            tab.get_by_label("Zoom in").click()
            tab.wait_for_timeout(400)
    pan(tab, 160, -90)
    before = ranges(tab)
    tab.wait_for_function("() => location.hash.includes('view=')")
    again(tab)
    assert ranges(tab) == pytest.approx(before, abs=2e-3 * (before[1] - before[0]))


def test_another_size_of_the_window_keeps_the_place(tab: Page) -> None:
    whole = ranges(tab)
    tab.set_viewport_size({"width": 1000, "height": 800})
    small = ranges(tab)
    assert small[1] - small[0] < whole[1] - whole[0] - 1  # the whole map in less room
    tab.get_by_label("Zoom in").click()
    near = ranges(tab)
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.wait_for_timeout(500)
    after = ranges(tab)
    assert after[:2] == pytest.approx(near[:2], abs=1e-3)
    assert sum(after[2:]) == pytest.approx(sum(near[2:]), abs=1e-3)


def test_pictures_and_table_change_places_by_keyboard(tab: Page) -> None:
    tab.locator("#choice [data-tool=table]").focus()
    for form, there in (("table", "#choice tbody"), ("pictures", "#choice .chosen")):
        tab.locator(f"#choice [data-tool={form}]").press("Enter")
        expect(tab.locator(there)).to_have_count(1)
        expect(tab.locator(f"#choice [data-tool={form}]")).to_be_focused()


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
def test_nothing_serious_is_found_by_axe(tab: Page) -> None:
    tab.wait_for_selector("[data-insight]", state="attached")
    tab.locator("#map select").select_option("cluster")
    tab.get_by_text("Search by a picture, or").click()
    tab.get_by_text("Own collections:").click()
    tab.fill("#search textarea", "a ship")
    tab.press("#search textarea", "Enter")
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    for form in ("pictures", "table"):
        tab.locator(f"#choice [data-tool={form}]").click()
        assert not serious(tab)


def test_a_drag_moves_what_was_taken_hold_of(tab: Page) -> None:
    tab.locator(".map-canvas").scroll_into_view_if_needed()
    left, right, bottom, top = ranges(tab)
    box = tab.locator(".map-canvas").bounding_box()
    assert box is not None
    tab.mouse.move(box["x"] + 200, box["y"] + 150)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 260, box["y"] + 120, steps=6)
    tab.mouse.up()
    across, up = 60 / box["width"] * (right - left), 30 / box["height"] * (top - bottom)
    expected = [left - across, right - across, bottom - up, top - up]
    # the frame takes a pixel on each side
    assert ranges(tab) == pytest.approx(expected, abs=3 / box["width"] * (right - left))


def test_the_wheel_zooms_round_the_pointer(tab: Page) -> None:
    tab.locator(".map-canvas").scroll_into_view_if_needed()
    left, right, bottom, top = ranges(tab)
    box = tab.locator(".map-canvas").bounding_box()
    assert box is not None
    across, down = 0.25, 0.6
    tab.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    for _ in range(3):
        tab.mouse.wheel(0, -120)
        tab.wait_for_timeout(60)
    near = ranges(tab)
    assert near[1] - near[0] < 0.7 * (right - left)
    held = left + across * (right - left), top - down * (top - bottom)
    there = near[0] + across * (near[1] - near[0]), near[3] - down * (near[3] - near[2])
    assert there == pytest.approx(held, abs=3 / box["width"] * (right - left))


FAST = """() => {
  const hands = document.querySelector('.map-hands');
  for (const key of ['ArrowLeft', 'Enter'])
    hands.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}"""


def test_the_map_is_worked_by_keys_alone(tab: Page) -> None:
    hands = tab.locator(".map-hands")
    hands.focus()
    before = ranges(tab)
    tab.keyboard.press("ArrowRight")
    moved = ranges(tab)
    assert moved[0] > before[0] and moved[2] == pytest.approx(before[2])
    tab.keyboard.press("+")
    assert ranges(tab)[1] - ranges(tab)[0] < 0.7 * (before[1] - before[0])
    tab.keyboard.press("0")
    assert ranges(tab) == pytest.approx(before, abs=1e-3)
    for _ in range(30):
        tab.keyboard.press("ArrowLeft")  # to where nothing stands
    tab.keyboard.press("Enter")
    expect(tab.locator(".map-ask button")).to_be_focused()
    hands.focus()
    tab.evaluate(FAST)  # both before the next frame
    tab.wait_for_timeout(300)
    expect(tab.locator(".map-ask button")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#detail figcaption")).to_have_text(
        "drawn by the model for this place of the map"
    )
