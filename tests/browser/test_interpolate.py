"""The Interpolate tab."""

import json
from pathlib import Path
from zipfile import ZipFile

import av
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import open_tab, overflow
from tests.browser.test_generate import set_number

STAGE = "#player .stage"
CARDS = "#keyframes .keyframe[data-position]"
BOTH = pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)


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


def imagine(page: Page, text: str) -> None:
    """Choose a text as a keyframe."""
    page.locator("#chooser").get_by_role("tab", name="Text").click()
    page.fill("#key-text textarea", text)
    page.press("#key-text textarea", "Enter")


def words(page: Page) -> list[str]:
    """Return what the keyframes show, in order."""
    return page.locator(f"{CARDS} .words").all_inner_texts()


def download(page: Page, name: str) -> Download:
    """Download a file of the walk."""
    with page.expect_download() as saved:
        page.locator("#player").get_by_text(name, exact=True).click()
    return saved.value


@BOTH
def test_a_first_visit_shows_a_walk(tab: Page) -> None:
    expect(tab.locator("#player .cell")).to_have_count(16)
    expect(tab.locator("#player .note")).to_contain_text("made earlier")
    expect(tab.locator(CARDS)).to_have_count(2)
    for position in (0, 1):
        expect(tab.locator(f"{CARDS} img").nth(position)).to_be_visible()
        expect(tab.locator(CARDS).nth(position)).to_contain_text("as the model remembers it")
    expect(tab.locator("#chooser-heading")).to_contain_text("Choose keyframe C")


def test_the_scrubber_moves_at_once_and_asks_nobody(tab: Page) -> None:
    asked: list[str] = []
    tab.on("request", lambda sent: asked.append(sent.url))
    for frame in (7, 3, 12):
        tab.locator("#player input[type=range]").fill(str(frame))
        expect(tab.locator(f"{STAGE} .place")).to_have_text(f"frame {frame + 1} of 16")
    tab.locator("#player input[type=range]").press("ArrowRight")
    expect(tab.locator(f"{STAGE} .place")).to_have_text("frame 14 of 16")
    tab.locator("#player .cell").nth(5).click()
    expect(tab.locator(f"{STAGE} .place")).to_have_text("frame 6 of 16")
    assert [url for url in asked if "queue" in url or "call" in url] == []


def test_play_moves_and_pauses(tab: Page) -> None:
    play = tab.locator("#player .scrub button")
    play.click()
    expect(tab.locator(f"{STAGE} .place")).not_to_have_text("frame 1 of 16")
    play.click()
    expect(play).to_have_text("Play")


def test_keyframes_of_every_kind_make_a_walk_with_all_its_files(
    tab: Page, pictures: list[Path]
) -> None:
    imagine(tab, "an old tower")
    expect(tab.locator(CARDS).nth(2)).to_contain_text("imagined from a text")
    tab.locator("#chooser").get_by_role("tab", name="Upload").click()
    tab.set_input_files("#key-file input[type=file]", str(pictures[0]))
    expect(tab.locator(CARDS).nth(3)).to_contain_text("your upload")
    expect(tab.locator("#key-file input[type=file]")).to_be_attached()
    tab.get_by_label("Way from C to D").select_option("direct")
    tab.get_by_label("Closed loop").check()
    expect(tab.get_by_label("Way from D to A")).to_be_visible()
    walk(tab, 9)
    expect(tab.locator("#player .pace .facts")).to_contain_text("at even times they would by")
    expect(tab.locator("#player .nearest .words")).not_to_be_empty()
    expect(tab.locator("#player .cell.stop")).to_have_count(4)
    with av.open(str(download(tab, "Download MP4").path())) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert Path(download(tab, "Download GIF").path()).read_bytes()[:6] == b"GIF89a"
    with Image.open(download(tab, "Download WebP").path()) as film:
        assert film.format == "WEBP" and film.n_frames > 4
    assert Path(download(tab, "Download Captions (VTT)").path()).read_text().startswith("WEBVTT")
    recipe = json.loads(Path(download(tab, "Download Recipe (JSON)").path()).read_text())
    assert recipe["loop"] == "closed" and recipe["modes"][2] == "direct"
    tab.wait_for_function("() => document.querySelector('#player video').readyState >= 2")
    cues = "() => document.querySelector('#player video').textTracks[0].cues?.length"
    tab.wait_for_function(cues)


def test_a_recipe_is_opened_and_a_poster_and_all_frames_are_taken(
    tab: Page, tmp_path: Path
) -> None:
    keyframes = [{"source": f"text:{text}", "hold_s": 0.5} for text in ("a ship", "an owl")]
    path = tmp_path / "recipe.json"
    page = {"kind": "engrave walk", "format": 1, "keyframes": keyframes, "frames": 5}
    path.write_text(json.dumps(page | {"pace": "time"}))
    tab.locator("#away > button").click()
    tab.set_input_files("#recipe-file input[type=file]", str(path))
    expect(tab.locator(f"{CARDS} .words").first).to_have_text("a ship")
    expect(tab.get_by_label("Seconds that B is held")).to_have_value("0.5")
    expect(tab.get_by_role("radio", name="Even times")).to_be_checked()
    walk(tab, 5)
    with tab.expect_download() as saved:
        tab.click("#poster")
    assert Path(saved.value.path()).read_bytes()[:5] == b"%PDF-"
    with tab.expect_download() as saved:
        tab.click("#archive")
    with ZipFile(saved.value.path()) as archive:
        assert sum(name.endswith(".png") for name in archive.namelist()) == 5
    path.write_text("{}")
    tab.set_input_files("#recipe-file input[type=file]", str(path))
    expect(tab.locator(".toast-body").last).to_contain_text("no recipe of a walk")


def test_keyframes_are_dragged_into_another_order(tab: Page) -> None:
    imagine(tab, "an old tower")
    expect(tab.locator(CARDS)).to_have_count(3)
    first, second, third = words(tab)
    tab.locator(CARDS).nth(2).drag_to(tab.locator(CARDS).nth(0))
    expect(tab.locator(f"{CARDS} .words").first).to_have_text(third)
    assert words(tab) == [third, first, second]


@BOTH
def test_the_keyboard_alone_makes_a_walk(tab: Page) -> None:
    imagine(tab, "an old tower")
    expect(tab.locator(CARDS)).to_have_count(3)
    before = words(tab)
    later = tab.get_by_role("button", name="Move A later")
    later.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(f"{CARDS} .words").nth(1)).to_have_text(before[0])
    expect(tab.get_by_role("button", name="Move B later")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator(f"{CARDS} .words").nth(2)).to_have_text(before[0])
    tab.get_by_role("button", name="Remove B").focus()
    tab.keyboard.press("Space")
    expect(tab.locator(CARDS)).to_have_count(2)
    assert words(tab) == [before[1], before[0]]
    tab.get_by_label("Way from A to B").focus()
    tab.keyboard.press("d")
    expect(tab.get_by_label("Way from A to B")).to_have_value("direct")
    set_number(tab, "frames", 4)
    tab.locator("#walk").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#player .note")).to_contain_text("4 frames in")
    assert overflow(tab) <= 0


def test_a_keyframe_is_changed_for_an_engraving_of_the_collection(tab: Page) -> None:
    tab.get_by_role("button", name="Choose another for B").click()
    expect(tab.locator("#chooser-heading")).to_contain_text("Choose another for B")
    tab.fill("#key-query textarea", "a horse")
    tab.press("#key-query textarea", "Enter")
    expect(tab.locator("#key-found .thumb")).to_have_count(8)
    tab.locator("#key-found .thumb").nth(2).click()
    expect(tab.locator("#chooser-heading")).to_contain_text("Choose keyframe C")
    expect(tab.locator(CARDS)).to_have_count(2)
    link = tab.locator(CARDS).nth(1).locator("a")
    assert (link.get_attribute("href") or "").startswith("https://www.gutenberg.org/ebooks/")


def test_a_way_along_real_engravings(tab: Page) -> None:
    tab.get_by_label("Way from A to B").select_option("graph")
    expect(tab.get_by_label("Way from A to B")).to_have_value("graph")
    walk(tab, 12)
    expect(tab.locator("#player .cell")).to_have_count(12)


def test_a_pair_is_clicked(tab: Page) -> None:
    set_number(tab, "frames", 4)
    tab.locator("#pairs .chip").last.click()
    expect(tab.locator("#player .note")).to_contain_text("4 frames in")


def test_a_plate_of_another_tab_becomes_one_more_keyframe(tab: Page) -> None:
    open_tab(tab, "Generate")
    plate = tab.locator("#plates .plate").first
    plate.get_by_text("More", exact=True).click()
    plate.get_by_role("button", name="Add to the walk").click()
    expect(tab.locator(CARDS)).to_have_count(3)
    expect(tab.locator(CARDS).nth(2)).to_contain_text("generated, seed")


def test_a_plate_that_opens_the_tab_for_the_first_time_is_one_keyframe(page: Page) -> None:
    open_tab(page, "Generate")
    plate = page.locator("#plates .plate").first
    plate.get_by_text("More", exact=True).click()
    plate.get_by_role("button", name="Add to the walk").click()
    expect(page.locator(CARDS).nth(2)).to_contain_text("generated, seed")
    page.wait_for_timeout(1500)  # the second announcement
    expect(page.locator(CARDS)).to_have_count(3)


def test_an_unknown_id_and_an_empty_text_get_a_sentence(tab: Page) -> None:
    tab.fill("#key-query textarea", "1-1")
    tab.press("#key-query textarea", "Enter")
    expect(tab.locator(".toast-body").last).to_contain_text("no engraving 1-1")
    tab.locator("[data-testid=toast-close]").last.click()
    tab.locator("#chooser").get_by_role("tab", name="Text").click()
    tab.click("#key-imagine")
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


@BOTH
def test_axe_finds_nothing_serious(tab: Page) -> None:
    walk(tab, 4)
    tab.locator("#away > button").click()
    tab.locator("#walk-more > button").click()
    tab.wait_for_timeout(500)
    found = Axe().run(tab, context="#tabs")
    assert len(found.response["passes"]) > 10, "axe has looked at something"
    grave = [
        one for one in found.response["violations"] if one["impact"] in ("serious", "critical")
    ]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave]
    assert told == []
