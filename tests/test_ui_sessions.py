"""Each session looks at a collection of its own choice, and may keep own ones from the others."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from starlette.requests import Request

from engrave.access import alone
from engrave.errors import AccessError, CollectionError, PromptError
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Edit, Shelf
from engrave.sources import open_source
from engrave.ui import api, ends, explore, explore_map, explore_search, explore_shelf
from engrave.ui.explore_map import FRESH, Chart
from engrave.ui.explore_shelf import First, Keeper
from engrave.ui.sessions import LONGEST_S, Session, Sessions
from engrave.ui.speech import bind
from engrave.ui.views import IMPORTED, MEMORY, Views
from tests.drawings import SHAPES, draw
from tests.fake_studio import FakeStudio
from tests.fakes import fake_engine

ENGINE = fake_engine()
WHERE = ("SPACE_ID", "ENGRAVE_SHARED", "GRADIO_SERVER_NAME", "GRADIO_ROOT_PATH")
FIRST = First({"index": 2}, 2)
Fill = Callable[[Shelf, str], Path]


def request(session: str) -> gr.Request:
    """Return a request of a session."""
    return gr.Request(session_hash=session, cookies={})


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


def keeper_of(sessions: Sessions) -> Keeper:
    """Return a keeper without a page."""
    nothing = cast(Any, None)
    return Keeper(sessions, nothing, nothing, nothing, nothing, FIRST)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chart:
    """The map that everybody begins with, and an empty home."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "made"))
    monkeypatch.setenv("ENGRAVE_HOME", str(tmp_path / "home"))
    return Chart(ENGINE, Views(ENGINE), tmp_path / "words")


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Imports four drawings into a collection."""

    def filled(shelf: Shelf, name: str) -> Path:
        folder = tmp_path / "drawn"
        folder.mkdir(exist_ok=True)
        for shape in SHAPES:
            draw(shape, "left", True).save(folder / f"{shape}.png")
        Importer(shelf, FakeStudio()).run(open_source(folder), name)
        return folder

    return filled


def test_nobody_renames_the_clusters_of_all(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=True)
    anna = sessions.of(request("a"))
    before = explore_map.learnt(anna.chart)
    assert before["fixed"]
    with pytest.raises(AccessError, match="All visitors"):
        explore_map.renamed(anna.chart, event(number=0, name="Mine"))
    assert explore_map.learnt(sessions.of(request("b")).chart) == before
    fill(anna.shelf, "prints")
    anna.look_at("prints")
    assert not explore_map.learnt(anna.chart)["fixed"]  # nobody else sees it
    sessions = Sessions(shipped, private=False)
    named = explore_map.renamed(sessions.of(request("a")).chart, event(number=0, name="Mine"))
    assert named["clusters"][0]["name"] == "Mine" and not named["fixed"]


def test_two_visitors_look_at_two_collections(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    anna, bert = sessions.of(request("a")), sessions.of(request("b"))
    anna.look_at("prints")
    assert sessions.of(request("a")).name == "prints" and sessions.of(request("b")).name == ""
    assert len(anna.chart.engine.collection) == 4 and bert.chart is shipped
    assert ENGINE.collection is shipped.engine.collection  # what all share is left whole
    bert.look_at("prints")
    assert bert.chart is anna.chart  # one copy in memory
    anna.look_at("")
    assert anna.chart is shipped and sessions.of(request("b")).name == "prints"


def test_a_bound_handler_gets_what_its_visitor_looks_at(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    sessions.of(request("a")).look_at("prints")
    look = bind(ends.show_found, sessions.engine, sessions.views)
    own, _ = look("a circle", request("a"))
    other, _ = look("a circle", request("b"))
    assert len(own["items"]) == 4 and len(other["items"]) == ends.FOUND
    assert IMPORTED in own["label"] and MEMORY in other["label"]


def test_an_endpoint_reads_only_what_its_visitor_may_see(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, folder=tmp_path / "private")
    anna = sessions.of(request("a"))
    fill(anna.shelf, "prints")
    anna.stay()
    search, place = (bind(one, sessions.session) for one in (api.search, api.place))
    found = search("a circle", 9, "prints", request("a"))
    assert len(found) == 4 and len(search("a circle", 9, "", request("a"))) == 9
    assert place("a circle", None, 2, "prints", request("a"))["neighbours"][0]["id"] in {
        one["id"] for one in found
    }
    assert anna.name == ""  # asking changes nothing of what the page shows
    for stranger in ("b", ""):
        for ask in (search, place):
            given = ("a circle", 9) if ask is search else ("a circle", None, 2)
            with pytest.raises(gr.Error, match="no collection called 'prints'"):
                ask(*given, "prints", request(stranger))
            assert ask(*given, "", request(stranger))
    shared = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    one, other = (bind(api.search, shared.session)("a", 9, "prints", request(k)) for k in "ab")
    assert one == other and len(one) == 4


def test_all_of_explore_works_on_the_chosen_collection(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    session = sessions.of(request("a"))
    chooser, versions, plot, clusters, detail, choice, marks, listing, *_ = explore_shelf.choose(
        session, keeper_of(sessions), event(name="prints")
    )
    assert [one["number"] for one in versions["versions"]] == [1, 0] and versions["undo"]
    assert chooser["chosen"] == "prints" and chooser["own"][0]["pictures"] == 4
    assert plot["collection"] == "prints" and plot["files"]["count"] == 4 and clusters == {}
    assert marks["focus"] == detail["index"] == 0 and detail["imported"]
    assert choice["total"] == 4 and listing.kind == "all"
    shown = session.chart.folder
    assert (shown / "map-xy.bin").stat().st_size == 4 * 8 and (shown / "atlas-000.webp").is_file()
    found = explore_search.ask(session.chart, "a circle", "", None, 1, 1, FRESH)
    assert len(found[0]["items"]) == 4 and found[2]["places"]
    back = explore_shelf.choose(session, keeper_of(sessions), event(name=""))
    assert back[2]["files"]["count"] == len(ENGINE.collection) and back[4] == FIRST.detail


def test_an_end_of_a_walk_is_found_by_its_id(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    session = sessions.of(request("a"))
    session.look_at("prints")
    engine = session.chart.engine
    id = engine.collection.items[2].id
    (found,) = ends.find(engine, id)
    assert found.index == 2 and IMPORTED in ends.from_collection(engine, 2).kind
    with pytest.raises(PromptError, match="no engraving 16102-0000"):
        ends.find(engine, "16102-0000")


def test_a_picture_of_another_collection_is_not_mistaken(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    session = sessions.of(request("a"))
    session.look_at("prints")
    other = ENGINE.collection.items[1].id
    with pytest.raises(PromptError, match="of another collection"):
        explore.open_item(session.chart, FRESH, event(index=1, id=other))
    own = session.chart.engine.collection.items[3].id
    assert explore.open_item(session.chart, FRESH, event(index=1, id=own))[2]["focus"] == 3


def test_a_link_to_nothing_leaves_all_as_it_is(shipped: Chart) -> None:
    sessions = Sessions(shipped, private=False)
    session, keeper = sessions.of(request("a")), keeper_of(sessions)
    with pytest.warns(UserWarning, match="no collection called 'gone'"):
        plot = explore_shelf.choose(session, keeper, event(name="gone", linked=True))[2]
    assert plot["missing"] == "gone" and plot["collection"] == ""
    for name in ("gone", "../home", "a/b"):
        with pytest.raises(CollectionError):
            explore_shelf.choose(session, keeper, event(name=name))


def test_what_was_opened_stays_until_it_is_chosen_again(shipped: Chart, fill: Fill) -> None:
    sessions = Sessions(shipped, private=False)
    fill(Shelf(), "prints")
    anna, bert = sessions.of(request("a")), sessions.of(request("b"))
    anna.look_at("prints")
    id = anna.chart.engine.collection.items[0].id
    Shelf().edit("prints", {id: Edit(caption="a round thing")})
    bert.look_at("prints")
    assert bert.chart.engine.collection.items[0].caption == "a round thing"
    assert anna.chart.engine.collection.items[0].caption == ""
    shown = anna.chart.folder
    del anna
    sessions.of(request("a")).look_at("prints")
    assert not shown.exists()  # nobody looks at it


def test_visitors_who_are_kept_apart_see_nothing_of_each_other(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, idle_s=0.0, folder=tmp_path / "nests")
    fill(Shelf(), "machine")
    anna, bert = sessions.of(request("a")), sessions.of(request("b"))
    assert anna.standings() == []  # nor what the machine has
    fill(anna.shelf, "prints")
    anna.look_at("prints")
    assert [one.name for one in anna.standings()] == ["prints"] and bert.standings() == []
    with pytest.raises(CollectionError, match="no collection called"):
        bert.look_at("prints")
    assert anna.home is not None and anna.home.is_dir()
    public = anna.chart.folder
    del anna
    sessions.leave("b")
    assert len(sessions.of(request("a")).chart.engine.collection) == 4
    time.sleep(0.01)
    sessions.leave("a")
    assert list((tmp_path / "nests").iterdir()) == [] and not public.exists()
    assert sessions.of(request("a")).name == ""


def test_a_page_that_came_back_keeps_its_collections(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, idle_s=60.0, folder=tmp_path / "nests")
    anna = sessions.of(request("a"))
    fill(anna.shelf, "prints")
    anna.look_at("prints")
    sessions.leave("a")
    assert sessions.of(request("a")).name == "prints"


@pytest.mark.parametrize(
    ("settings", "apart"),
    [
        ({}, False),
        ({"SPACE_ID": "somebody/engrave"}, True),
        ({"SPACE_ID": "somebody/engrave", "ENGRAVE_SHARED": "1"}, False),
        ({"GRADIO_SERVER_NAME": "127.0.0.1"}, False),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", "ENGRAVE_SHARED": "1"}, False),
        ({"ENGRAVE_SHARED": "0"}, True),
        ({"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_ROOT_PATH": "/engrave"}, True),
        ({"GRADIO_ROOT_PATH": "/engrave", "ENGRAVE_SHARED": "1"}, False),
    ],
)
def test_who_is_kept_apart(
    settings: dict[str, str], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in WHERE:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert alone() is apart


def test_the_shipped_unit_keeps_visitors_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Path(__file__).parents[1] / "deploy" / "engrave.service"
    for name in WHERE:
        monkeypatch.delenv(name, raising=False)
    for name, value in re.findall(r"^Environment=(\w+)=(.*)$", unit.read_text(), re.M):
        monkeypatch.setenv(name, value)
    assert alone()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "x-forwarded-host", "Forwarded"])
def test_who_comes_through_a_proxy_is_kept_apart(
    shipped: Chart, fill: Fill, tmp_path: Path, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in WHERE:
        monkeypatch.delenv(name, raising=False)
    fill(Shelf(), "machine")

    def asked(page: str, **headers: str) -> gr.Request:
        return gr.Request(session_hash=page, cookies={}, headers=headers)

    sessions = Sessions(shipped, folder=tmp_path / "nests")
    assert [one.name for one in sessions.of(asked("a")).standings()] == ["machine"]
    passed_on = sessions.of(asked("b", **{header: "somebody"}))
    assert passed_on.private and passed_on.standings() == []
    scope = {"type": "http", "headers": [(header.lower().encode(), b"somebody")]}
    real = gr.Request(Request(scope), session_hash="c")
    assert sessions.of(real).standings() == []
    monkeypatch.setenv("ENGRAVE_SHARED", "1")  # whoever wants it may
    shared = Sessions(shipped, folder=tmp_path / "nests")
    assert len(shared.of(asked("b", **{header: "somebody"})).standings()) == 1


def test_the_name_of_a_page_opens_nothing_without_its_cookie(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, folder=tmp_path / "nests")
    cookies = [{"engrave-visitor": name * 32} for name in "ab"]
    anna = sessions.of(gr.Request(session_hash="1", cookies=cookies[0]))
    fill(anna.shelf, "prints")
    anna.look_at("prints")
    for other in (cookies[1], {}):
        stranger = sessions.of(gr.Request(session_hash="1", cookies=other))
        assert stranger.standings() == [] and stranger.name == ""
        stranger.stay()
    assert sessions.of(gr.Request(session_hash="1", cookies=cookies[0])) is anna


def test_what_a_killed_server_left_behind_is_swept(shipped: Chart, tmp_path: Path) -> None:
    nests = tmp_path / "nests"
    old, used, other = (nests / name for name in ("engrave-session-a", "engrave-session-b", "c"))
    for nest in (old, used, other):
        (nest / "collections").mkdir(parents=True)
    long_ago = time.time() - LONGEST_S - 60
    for nest in (old, other):
        os.utime(nest, (long_ago, long_ago))
    Sessions(shipped, private=True, folder=nests)
    assert sorted(nests.iterdir()) == [other, used]


def test_a_shelf_in_use_is_not_taken_for_left_behind(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, folder=tmp_path / "nests")
    anna = sessions.of(request("a"))
    fill(anna.shelf, "prints")
    anna.stay()
    assert anna.home is not None
    os.utime(anna.home, (0, 0))
    assert sessions.of(request("a")) is anna
    Sessions(shipped, private=True, folder=tmp_path / "nests")
    assert [one.name for one in anna.standings()] == ["prints"]


def test_a_page_opened_anew_finds_what_its_browser_imported(
    shipped: Chart, fill: Fill, tmp_path: Path
) -> None:
    sessions = Sessions(shipped, private=True, idle_s=0.0, folder=tmp_path / "nests")
    cookies = {name: {"engrave-visitor": name * 32} for name in ("a", "b")}

    def opened(page: str, browser: str) -> Session:
        return sessions.of(gr.Request(session_hash=page, cookies=cookies[browser]))

    before = opened("1", "a")
    fill(before.shelf, "prints")
    before.look_at("prints")
    after = opened("2", "a")
    assert after.name == "" and [one.name for one in after.standings()] == ["prints"]
    assert opened("3", "b").standings() == []
    after.look_at("prints")
    sessions.leave("1")
    assert [one.name for one in after.standings()] == ["prints"]  # another page looks at it
    time.sleep(0.01)
    sessions.leave("2")
    assert list((tmp_path / "nests").iterdir()) == []
