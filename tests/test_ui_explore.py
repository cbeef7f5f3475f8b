"""Handlers of the map as plain functions, with an engine that draws instead of a model."""

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import gradio as gr
import numpy as np
import pytest

from engrave.collection import Collection
from engrave.errors import CollectionError, PromptError
from engrave.ui import explore, explore_draw, explore_map, explore_search, explore_table
from engrave.ui.ends import End
from engrave.ui.explore_map import FRESH, Chart, bits_text, rows_of_bits
from engrave.ui.explore_table import Listing
from engrave.ui.views import Views
from engrave.ui.walk_view import path_of
from tests.fakes import fake_engine, noise

ENGINE = fake_engine()
VIEWS = Views(ENGINE)
COUNT = len(ENGINE.collection)
REQUEST = cast(gr.Request, SimpleNamespace(session_hash="session"))


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chart]:
    """A map whose files go to a folder of the test."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "made"))
    monkeypatch.setenv("ENGRAVE_HOME", str(tmp_path / "home"))
    yield Chart(ENGINE, VIEWS, tmp_path / "words")


def file_of(view: dict[str, Any]) -> bytes:
    """Return what an export wrote."""
    return Path(unquote(view["file"]["src"].removeprefix("gradio_api/file="))).read_bytes()


def test_captions_of_the_map_come_in_small_files(chart: Chart) -> None:
    assert chart.base["files"]["count"] == COUNT
    assert [path.name for path in chart.folder.iterdir()] == ["captions-0.json"]
    lines = json.loads((chart.folder / "captions-0.json").read_text(encoding="utf-8"))
    assert lines[7][0] == ENGINE.collection.items[7].caption


def test_bits_come_back_as_rows() -> None:
    rows = [0, 7, 8, 201, COUNT - 1]
    assert rows_of_bits(bits_text(rows, COUNT), COUNT) == rows
    assert bits_text([], COUNT) == "" and rows_of_bits("", COUNT) == []


@pytest.mark.parametrize("text", ["?", "AAAA", "é" * 40, 7])
def test_forged_bits_are_refused(text: Any) -> None:
    with pytest.raises(PromptError, match="select again"):
        rows_of_bits(text, COUNT)


def test_a_click_opens_an_engraving(chart: Chart) -> None:
    marks = FRESH | {"found": [1, 2]}
    detail, plot, kept, _ = explore.open_item(chart, marks, event(index=11))
    assert detail["id"] == ENGINE.collection.item(11).id and len(detail["near"]) == explore.NEAR
    assert plot["focus"] == kept["focus"] == 11 and plot["found"] == [1, 2]
    assert 11 not in [one["index"] for one in detail["near"]]
    assert [detail["x"], detail["y"]] == ENGINE.collection.places[11].tolist()


@pytest.mark.parametrize("index", [None, -1, COUNT, "3", True])
def test_a_forged_index_is_refused(chart: Chart, index: Any) -> None:
    with pytest.raises(PromptError):
        explore.open_item(chart, FRESH, event(index=index))


def test_a_search_lists_scores_and_places(chart: Chart) -> None:
    view, plot, marks, listing = explore_search.ask(chart, "a ship", "", None, 1, 1, FRESH)
    assert listing.kind == "found" and len(view["items"]) == len(marks["found"]) == 24
    expected = [one.index for one in ENGINE.search("a ship", num=24)]
    assert marks["found"] == expected and plot["question"] == {"text": "a ship", "less": ""}
    scores = np.frombuffer(base64.b64decode(marks["scores"]), np.uint8)
    assert len(scores) == COUNT and scores.argmax() == expected[0] and scores.max() == 255
    assert "nearness" not in marks["places"][0]  # its yardstick is not ready yet
    chart.calibrate()
    _, _, marks, _ = explore_search.ask(chart, "a ship", "", None, 1, 1, FRESH)
    assert "captions" in marks["places"][0]["nearness"]["words"]


def test_a_picture_and_a_text_are_weighed(chart: Chart, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    path = str(noise(tmp_path / "made" / "a.png"))
    picture = ENGINE.embed(ENGINE.encode(Path(path))[None])[0]
    alone = explore_search.ask(chart, "a ship", "", path, 0, 1, FRESH)[2]["found"]
    assert alone == [one.index for one in ENGINE.collection.nearest(picture, 24)]
    both = explore_search.ask(chart, "a ship", "", path, 1, 1, FRESH)[2]["found"]
    assert set(both) & set(alone) and set(both) - set(alone)


def test_an_upload_from_elsewhere_is_not_searched_by(
    chart: Chart, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = noise(tmp_path_factory.mktemp("elsewhere") / "a.png")
    with pytest.raises(Exception, match="not uploaded here"):
        explore_search.ask(chart, "", "", str(outside), 1, 1, FRESH)


def test_less_of_something_changes_what_is_found(chart: Chart) -> None:
    plain = explore_search.ask(chart, "a ship", "", None, 1, 1, FRESH)[2]
    view, _, marks, _ = explore_search.ask(chart, "a ship", "people", None, 1, 1, FRESH)
    assert marks["found"] != plain["found"] and "less of “people”" in view["heading"]
    assert marks["places"][0]["x"] == plain["places"][0]["x"]  # it lies where the text lies


def test_less_of_something_alone_finds_what_is_least_like_it(chart: Chart) -> None:
    view, plot, marks, listing = explore_search.ask(chart, "", "people", None, 1, 1, FRESH)
    cosines = ENGINE.collection.embeddings @ ENGINE.embed_texts(["people"])[0]
    assert marks["found"] == np.argsort(cosines, kind="stable")[:24].tolist()
    assert listing.heading == "Least like “people”" and len(view["items"]) == 24
    assert plot["places"] == [] and plot["question"] == {"text": "", "less": "people"}
    back = explore.restored(chart, FRESH, event(less="people", bits=bits_text([3], COUNT)))
    assert back[4].kind == "found" and back[3]["found"] == marks["found"]


def test_nothing_asked_clears_the_search(chart: Chart) -> None:
    marks = explore_search.ask(chart, "a ship", "", None, 1, 1, FRESH)[2]
    marks = explore_search.ask(chart, "  ", "", None, 1, 1, marks)[2]
    assert marks["found"] == [] and marks["scores"] == "" and marks["places"] == []


def test_more_like_this_finds_itself_first(chart: Chart) -> None:
    assert explore_search.more_like(chart, FRESH, event(index=9))[2]["found"][0] == 9


def test_a_selection_is_listed_sorted_and_turned(chart: Chart) -> None:
    rows = list(range(5, 65))
    bits = bits_text(rows, COUNT)
    view, _, marks, listing = explore_table.selected(chart, FRESH, event(bits=bits))
    assert (view["total"], view["pages"], len(view["items"])) == (60, 3, 24)
    view, listing = explore_table.turned(chart, marks, listing, event(page=2))
    assert [one["index"] for one in view["items"]] == rows[48:]
    view, listing = explore_table.turned(chart, marks, listing, event(order="year", down=True))
    years = [one["year"] for one in view["items"]]
    assert view["page"] == 0 and years == sorted(years, reverse=True)
    view, listing = explore_table.turned(chart, marks, listing, event(kind="all"))
    assert view["total"] == COUNT
    for forged in ({"order": "__class__"}, {"page": -1}, {"page": True}, {"kind": "other"}):
        assert explore_table.turned(chart, marks, listing, event(**forged))[1] == listing


def test_ticks_add_and_take_away(chart: Chart) -> None:
    listing = Listing("all")
    _, _, marks = explore_table.ticked(chart, FRESH, listing, event(index=3, on=True))
    view, plot, marks = explore_table.ticked(chart, marks, listing, event(index=5, on=True))
    assert rows_of_bits(plot["selected"], COUNT) == [3, 5] and view["items"][3]["ticked"]
    _, _, marks = explore_table.ticked(chart, marks, listing, event(index=3, on=False))
    assert rows_of_bits(marks["selected"], COUNT) == [5]
    _, _, marks = explore_table.ticked(chart, marks, listing, event(all=True, on=True))
    assert len(rows_of_bits(marks["selected"], COUNT)) == COUNT


def test_a_selection_is_taken_away_in_four_forms(chart: Chart) -> None:
    marks = FRESH | {"selected": bits_text([2, 4, 6], COUNT)}
    ids = [ENGINE.collection.item(row).id for row in (2, 4, 6)]

    def taken(form: str) -> bytes:
        return file_of(explore_table.exported(chart, marks, Listing(), REQUEST, event(format=form)))

    rows = list(csv.DictReader(io.StringIO(taken("csv").decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == ids
    assert [json.loads(line)["id"] for line in taken("jsonl").splitlines()] == ids
    assert taken("pdf").startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(taken("zip"))) as archive:
        assert f"pictures/{ids[1]}-reconstruction.png" in archive.namelist()
    with pytest.raises(PromptError, match="choose one of them"):
        taken("exe")


def test_too_many_pictures_are_refused_with_a_way_out(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(explore_table.MOST, "zip", 5)
    with pytest.raises(PromptError, match="240 engravings and a ZIP takes up to 5"):
        explore_table.exported(chart, FRESH, Listing(), REQUEST, event(format="zip"))


def test_an_empty_place_gets_an_engraving(chart: Chart) -> None:
    x, y = ENGINE.collection.places[20].tolist()
    detail, plot, marks, end = explore_draw.drawn(chart, FRESH, event(x=x, y=y))
    assert detail["made"] and detail["near"] and detail["picture"].startswith("data:image/webp")
    assert plot["places"][0]["x"] == x and marks["focus"] is None
    assert np.argmax(ENGINE.collection.latents @ end.latent) == 20
    filled = explore.used(chart, end, event(letter="B", made=True))
    assert filled[0].end is end


@pytest.mark.parametrize("x", [None, "1", float("nan"), float("inf"), [1, 2]])
def test_a_forged_place_is_refused(chart: Chart, x: Any) -> None:
    with pytest.raises(PromptError, match="not on the map"):
        explore_draw.drawn(chart, FRESH, event(x=x, y=0.0))


def test_a_line_becomes_a_walk_through_its_engravings(chart: Chart) -> None:
    (x1, y1), (x2, y2) = ENGINE.collection.places[3].tolist(), ENGINE.collection.places[8].tolist()
    view, plot, marks, listing = explore_draw.lined(chart, FRESH, event(x=[x1, x2], y=[y1, y2]))
    assert marks["stops"][0] == 3 and 8 in marks["stops"][-2:] and listing.kind == "walk"
    assert plot["path"] == ENGINE.collection.places[marks["stops"]].tolist()
    assert view["total"] == len(marks["stops"]) == 6
    player, _, route, *_ = explore_draw.strolled(chart, marks, "back", REQUEST)
    frames = 5 * (explore_draw.BETWEEN - 1) + 1
    assert player["count"] == len(player["path"]) == frames
    assert str(frames - 1) in player["captions"]
    assert route.stops[0].end.words == ENGINE.collection.items[3].caption


def test_a_walk_needs_engravings(chart: Chart) -> None:
    with pytest.raises(PromptError, match="There is no walk yet"):
        explore_draw.strolled(chart, FRESH, "back", REQUEST)
    with pytest.raises(PromptError, match="240 are listed"):
        explore_draw.chosen_walk(chart, FRESH, Listing("all"))
    with pytest.raises(CollectionError, match="no length"):
        explore_draw.lined(chart, FRESH, event(x=[1, 1], y=[2, 2]))


def test_the_table_alone_makes_a_walk(chart: Chart) -> None:
    marks = FRESH | {"selected": bits_text([4, 9, 30], COUNT)}
    _, _, marks, _ = explore_draw.chosen_walk(chart, marks, Listing("selection"))
    assert marks["stops"] == [4, 9, 30]


def test_a_walk_made_elsewhere_is_a_path(chart: Chart) -> None:
    path = path_of(ENGINE, ENGINE.collection.latents[:3])
    plot, _, _ = explore_draw.shown_path(
        chart, FRESH, event(x=[x for x, _ in path], y=[y for _, y in path])
    )
    assert plot["path"] == path


def test_what_was_captioned_is_put_on_the_map(chart: Chart) -> None:
    end = End("captioned, a.png", "a ship", ENGINE.collection.latents[12], "")
    view, plot, _, _, _ = explore_draw.put_end(chart, FRESH, end)
    assert plot["places"][0]["words"] == "a ship" and len(view["items"]) == 24
    assert view["place"]["nearness"]["cosine"] > 0


def test_the_map_learns_its_clusters_and_takes_a_name(chart: Chart) -> None:
    view = explore_map.learnt(chart)
    codes = np.frombuffer((chart.folder / "insight-cluster.bin").read_bytes(), np.uint8)
    assert len(codes) == COUNT
    assert [one["size"] for one in view["clusters"]] == [
        int((codes == number).sum()) for number in range(len(view["clusters"]))
    ]
    view = explore_map.renamed(chart, event(number=0, name="Ships"))
    assert view["clusters"][0]["name"] == "Ships"
    for forged in ({"number": True, "name": "x"}, {"number": 0, "name": 7}, {}):
        with pytest.raises(PromptError, match="no longer here"):
            explore_map.renamed(chart, event(**forged))


def test_an_address_brings_back_question_selection_and_engraving(chart: Chart) -> None:
    bits = bits_text([1, 2, 3], COUNT)
    detail, view, plot, marks, listing, text, less = explore.restored(
        chart, FRESH, event(text="a ship", less="people", bits=bits, index=4)
    )
    assert detail["id"] == ENGINE.collection.item(4).id and (text, less) == ("a ship", "people")
    assert len(plot["found"]) == 24 and plot["selected"] == bits and plot["focus"] == 4
    assert listing.kind == "found" and view["selected"] == 3 and marks["question"]["less"] == less


def test_an_address_opens_by_id_and_leaves_out_what_is_gone(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    id = ENGINE.collection.item(7).id
    detail, _, plot, marks, *_ = explore.restored(chart, FRESH, event(id=id))
    assert (detail["id"], plot["open"], plot["focus"], marks["focus"]) == (id, id, 7, 7)
    assert said == []
    detail, _, plot, *_ = explore.restored(chart, FRESH, event(text="a ship", id="gone"))
    assert len(plot["found"]) == 24 and plot["open"] is None and "id" not in detail
    explore.restored(chart, FRESH, event(stale=True))
    assert said == [explore.CHANGED] * 2


def test_the_rows_of_a_map_are_told_apart(chart: Chart) -> None:
    items = list(ENGINE.collection.items)
    other = [replace(items[0], caption="corrected"), *items[1:]]
    keys = [explore_map.rows_key(Collection(some)) for some in (items, other, items[1:])]
    assert keys[0] == keys[1] == chart.base["files"]["rows"] != keys[2]


def test_an_empty_address_brings_back_nothing(chart: Chart) -> None:
    _, view, plot, *_ = explore.restored(chart, FRESH, event())
    assert plot["found"] == [] and view["kind"] == "all"
