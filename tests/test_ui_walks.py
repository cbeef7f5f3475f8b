"""Handlers of the Interpolate tab as plain functions, with an engine that draws."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zipfile import ZipFile

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engrave.errors import PictureError, PromptError
from engrave.ui import ends, interpolate, keyframes, recipes
from engrave.ui.keyframes import Route, arranged, arrived, chooser_view, route_of, route_view
from engrave.ui.views import Views
from engrave.ui.walk_layout import PAPERS
from tests.fakes import fake_engine, noise

ENGINE = fake_engine()
VIEWS = Views(ENGINE)
REQUEST = cast(gr.Request, SimpleNamespace(session_hash="session"))
TEXTS = ("a ship", "an owl", "a tower", "a horse")


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that uploads land in."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def route() -> Route:
    """A route through three texts."""
    return route_of([ends.from_text(ENGINE, text, 0) for text in TEXTS[:3]])


def walk(route: Route, **settings: Any) -> tuple[dict[str, Any], interpolate.Kept]:
    """Walk through a route."""
    how = {"frames": 9, "pace": "even", "loop": "back", "easing": "linear"} | settings
    return interpolate.walk(ENGINE, VIEWS, route, **how, curve="slerp", fps=12, request=REQUEST)


def words(route: Route) -> list[str]:
    """Return what the keyframes show, in order."""
    return [stop.end.words for stop in route.stops]


def test_a_walk_is_a_sheet_films_captions_and_a_recipe(uploads: Path, route: Route) -> None:
    view, _ = walk(route)
    assert (view["count"], view["columns"]) == (9, 8)
    assert set(view["captions"]) == {str(index) for index in range(9)}
    assert view["stops"] == [0, view["stops"][1], 8] and len(view["timeline"]) == 16
    assert len(view["nearest"]) == 9 and {str(one["index"]) for one in view["nearest"]} == set(
        view["near"]
    )
    assert len(view["pace"]["before"]) == len(view["pace"]["after"]) == 8
    sheets = [Image.open(path).size for path in uploads.glob("visitors/*/*/engrave-walk.webp")]
    assert (8 * 256, 2 * 256) in sheets and (256, 256) in sheets
    assert next(uploads.glob("visitors/*/*/engrave-walk.mp4")).stat().st_size > 1000
    assert next(uploads.glob("visitors/*/*/engrave-walk.vtt")).read_text().startswith("WEBVTT")


def test_a_walk_needs_two_keyframes(route: Route) -> None:
    with pytest.raises(PromptError, match="needs 2 keyframes or more and 1 is chosen"):
        walk(route.without(0).without(0))
    with pytest.raises(PromptError, match="choose 4 or more"):
        walk(route, frames=3, loop="closed")


def test_keyframes_are_moved_held_joined_and_removed(route: Route) -> None:
    route, view, _ = arranged(route, "back", event(action="move", position=0, to=2))
    assert words(route) == ["an owl", "a tower", "a ship"]
    assert [item["letter"] for item in view["items"]] == ["A", "B", "C"]
    assert view["told"] == "A is now C."
    route, view, _ = arranged(route, "closed", event(action="mode", position=2, value="graph"))
    assert [way["mode"] for way in view["ways"]] == ["prior", "prior", "graph"]
    assert view["ways"][2] == {"mode": "graph", "from": "C", "to": "A"}
    route, view, _ = arranged(route, "back", event(action="hold", position=1, value=0.5))
    assert view["items"][1]["hold"] == "0.5" and len(view["ways"]) == 2
    route, view, heading = arranged(route, "back", event(action="remove", position=0))
    assert words(route) == ["a tower", "a ship"] and heading == "### Choose keyframe C"


def test_ways_keep_their_places_when_keyframes_move(route: Route) -> None:
    route = route.changed(0, mode="direct")
    assert route.moved(0, 2).modes(False) == ("direct", "prior")


@pytest.mark.parametrize(
    "data",
    [
        {}, {"action": "remove", "position": 3}, {"action": "remove", "position": True},
        {"action": "remove", "position": -1}, {"action": "move", "position": 0, "to": 9},
        {"action": "hold", "position": 0, "value": -1}, {"action": "hold", "position": 0},
        {"action": "mode", "position": 0, "value": "fly"}, {"action": "fly", "position": 0},
    ],
)  # fmt: skip
def test_a_forged_order_is_refused(route: Route, data: dict[str, Any]) -> None:
    with pytest.raises(PromptError):
        arranged(route, "back", event(**data))


def test_one_keyframe_is_replaced_and_then_the_next_is_added(route: Route) -> None:
    chosen, _, heading = arranged(route, "back", event(action="choose", position=1))
    assert heading == "### Choose another for B"
    changed, view, heading = interpolate.imagined(ENGINE, chosen, "back", "a horse", 0)
    assert words(changed) == ["a ship", "a horse", "a tower"] and view["adding"]
    assert heading == "### Choose keyframe D"
    more, _, _ = interpolate.imagined(ENGINE, changed, "back", "a lion", 0)
    assert words(more)[-1] == "a lion"


def test_there_are_no_more_than_eight() -> None:
    full = route_of([ends.from_collection(ENGINE, row) for row in range(keyframes.MOST)])
    assert "change or remove one" in chooser_view(full)
    with pytest.raises(PromptError, match="at most 8 keyframes"):
        full.with_end(ends.from_collection(ENGINE, 9))


@pytest.mark.parametrize(
    ("letter", "found"),
    [
        ("A", ["a horse", "an owl", "a tower"]),
        ("B", ["a ship", "an owl", "a horse"]),
        ("+", ["a ship", "an owl", "a tower", "a horse"]),
    ],
)
def test_what_comes_from_another_tab_takes_its_place(
    route: Route, letter: str, found: list[str]
) -> None:
    arrival, _ = ends.filled(ends.from_text(ENGINE, "a horse", 0), letter)
    assert words(arrived(route, "back", arrival)[0]) == found
    assert arrived(route, "back", None)[0] is route
    again = arrived(route, "back", arrival)  # announced twice
    assert [one.get("__type__") for one in again] == ["update"] * 3
    once_more, _ = ends.filled(ends.from_text(ENGINE, "a horse", 0), letter)
    assert words(arrived(route, "back", once_more)[0]) == found


def test_an_empty_route_shows_where_to_begin() -> None:
    view = route_view(Route(), "closed")
    assert view["items"] == [] and view["ways"] == []
    one, _, _ = interpolate.imagined(ENGINE, Route(), "back", "a ship", 0)
    assert words(one.placed(ends.from_text(ENGINE, "an owl", 0), "B")) == ["a ship", "an owl"]


def test_a_recipe_names_what_anybody_can_make_and_keeps_the_rest(
    uploads: Path, route: Route
) -> None:
    upload = ends.from_upload(ENGINE, str(noise(uploads / "a.png")))
    route = route.with_end(upload).with_end(ends.from_collection(ENGINE, 4))
    _, (_, recipe) = walk(route, loop="closed")
    rows = json.loads(next(uploads.glob("visitors/*/*/engrave-walk.json")).read_text())["keyframes"]
    assert [bool(row.get("latent")) for row in rows] == [False, False, False, True, False]
    assert rows[0]["source"] == "text:a ship" and rows[4]["source"] == ENGINE.collection.item(4).id
    path = str(next(uploads.glob("visitors/*/*/engrave-walk.json")))
    again, shown, _, frames, pace, loop, easing, curve, fps, _ = recipes.opened(ENGINE, path)
    assert (frames, pace, loop, easing, curve, fps) == (9, "even", "closed", "linear", "slerp", 12)
    assert [item["letter"] for item in shown["items"]] == list("ABCDE")
    for one, other in zip(route.stops, again.stops, strict=True):
        np.testing.assert_array_equal(one.end.latent, other.end.latent)
    _, (_, made_again) = walk(again, loop="closed")
    assert made_again.pixels == recipe.pixels


def test_a_recipe_from_elsewhere_is_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "a.json"
    outside.write_text("{}")
    with pytest.raises(PictureError, match="not uploaded here"):
        recipes.opened(ENGINE, str(outside))


@pytest.mark.parametrize("paper", list(PAPERS))
def test_a_poster_is_a_pdf_of_one_page(uploads: Path, route: Route, paper: str) -> None:
    _, kept = walk(route)
    view = interpolate.poster(kept, paper, 6, "From sea to land & “back”")
    assert view["name"] == "engrave-walk-poster.pdf"
    data = next(uploads.glob("visitors/*/*/engrave-walk-poster.pdf")).read_bytes()
    assert data[:5] == b"%PDF-" and data.count(b"/Type /Page\n") == 1
    assert b"/FontFile2" in data, "its fonts are embedded"


def test_all_frames_are_taken_as_a_zip(uploads: Path, route: Route) -> None:
    _, kept = walk(route)
    assert interpolate.archive(kept)["name"] == "engrave-walk-frames.zip"
    with ZipFile(next(uploads.glob("visitors/*/*/engrave-walk-frames.zip"))) as archive:
        names = archive.namelist()
        table = archive.read("frames.csv").decode("utf-8-sig").splitlines()
    assert sum(name.endswith(".png") for name in names) == 9 and len(table) == 10
    assert {"captions.vtt", "recipe.json", "README.txt"} <= set(names)


def test_nothing_is_taken_away_before_there_is_a_walk() -> None:
    with pytest.raises(PromptError, match="no walk to take away yet"):
        interpolate.poster(None, "A4, wide", 6, "")
    with pytest.raises(PromptError, match="no walk to take away yet"):
        interpolate.archive(None)
