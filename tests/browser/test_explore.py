"""The Explore tab."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_map

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
    expect(tab.locator("#end-b-view .words")).to_have_text(words)


def test_every_facet_colours_and_the_legend_filters(tab: Page) -> None:
    all_points = int(state(tab, "points"))
    for facet in ("technique", "book", "decade", "subject"):
        tab.locator("#map select").select_option(facet)
        expect(tab.locator("[data-points]")).to_have_attribute("data-facet", facet)
    tab.locator("#map .legend-chip").first.click()
    expect(tab.locator("#map .map-tools")).to_contain_text(" of ")
    assert 0 < int(state(tab, "shown")) < all_points
    tab.locator("#map").get_by_text("Show all").click()
    expect(tab.locator("[data-points]")).to_have_attribute("data-shown", str(all_points))


def test_a_search_lists_and_rings_what_it_found(tab: Page) -> None:
    tab.fill("#search textarea", "a ship in a storm")
    tab.press("#search textarea", "Enter")
    expect(tab.locator("#search-found .neighbour")).to_have_count(24)
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "24")
    tab.locator("#search-found .thumb").nth(3).click()
    expect(tab.locator("[data-points]")).not_to_have_attribute("data-focus", "")
    tab.click("#search-clear")
    expect(tab.locator("#search-found .neighbour")).to_have_count(0)
    expect(tab.locator("[data-points]")).to_have_attribute("data-marked", "0")


def test_zooming_and_the_whole_map(tab: Page) -> None:
    span = "() => { const r = document.querySelector('.map-canvas')._fullLayout.xaxis.range; return r[1] - r[0]; }"  # noqa: E501
    before = tab.evaluate(span)
    tab.get_by_label("Zoom in").click()
    tab.wait_for_function(f"(before) => ({span})() < before", arg=before)
    tab.get_by_label("Show the whole map").click()
    tab.wait_for_function(f"(before) => Math.abs(({span})() - before) < 1e-3", arg=before)


def test_a_neighbour_opens_its_own_neighbours(tab: Page) -> None:
    before = tab.locator("#detail .facts").nth(1).inner_text()
    tab.locator("#detail .near .thumb").first.click()
    expect(tab.locator("#detail .facts").nth(1)).not_to_have_text(before)
