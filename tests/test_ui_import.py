"""Imports and changes of own collections from the page."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import gradio as gr
import pytest

from engrave.errors import AccessError, CollectionError, PictureError, PromptError, SourceError
from engrave.sources import open_source
from engrave.ui import explore_compare, explore_import, explore_versions, inbox, stops
from engrave.ui.explore_map import FRESH, Chart, bits_text, rows_of_bits
from engrave.ui.explore_shelf import First, Keeper
from engrave.ui.explore_table import Listing, exported
from engrave.ui.sessions import Session, Sessions
from engrave.ui.views import Views
from tests.drawings import SHAPES, draw
from tests.fakes import fake_engine
from tests.sources.server import serving
from tests.sources.test_iiif import canvas3, collection3, manifest3, refer

REQUEST = gr.Request(session_hash="a", cookies={})
ENGINE = fake_engine()


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, Keeper]:
    """A session that looks at the shipped collection, and what shows it, without a page."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "made"))
    monkeypatch.setenv("ENGRAVE_HOME", str(tmp_path / "home"))
    (tmp_path / "made").mkdir()
    sessions = Sessions(Chart(ENGINE, Views(ENGINE), tmp_path / "words"), private=False)
    nothing = cast(Any, None)
    keeper = Keeper(sessions, nothing, nothing, nothing, nothing, First({"index": 2}, 2))
    return sessions.of(REQUEST), keeper


@pytest.fixture
def dropped(tmp_path: Path) -> list[str]:
    """Four drawings, a table and a file that is no picture, as they were uploaded."""
    folder = tmp_path / "made" / "up"
    folder.mkdir(parents=True)
    for shape in SHAPES:
        draw(shape, "left", True).save(folder / f"{shape}.png")
    (folder / "bad.jpg").write_text("no picture")
    table = "file_name;caption;subject;year\ncircle.png;a round thing;shape;1843\n"
    (folder / "list.csv").write_text(table, encoding="utf-8-sig")
    return [str(path) for path in sorted(folder.iterdir())]


def take(
    page: tuple[Session, Keeper], files: list[str] | None, address: str = "", name: str = "prints"
) -> tuple[Any, ...]:
    """Import as the page does."""
    return explore_import.imported(*page, files, address, name, False, REQUEST)


def test_what_is_dropped_becomes_a_collection(
    page: tuple[Session, Keeper], dropped: list[str]
) -> None:
    view, chooser, versions, plot, _, detail, choice, *_ = take(page, dropped, name="My Prints")
    assert (view["name"], view["added"], view["failed"]) == ("my-prints", 4, 1)
    assert view["unread"][0]["file"] == "bad.jpg" and "no picture" in view["unread"][0]["why"]
    assert chooser["chosen"] == "my-prints" and plot["files"]["count"] == choice["total"] == 4
    assert len(versions["versions"]) == 2 and "files of the page" in versions["versions"][0]["what"]
    assert detail["held"]["caption"] == "a round thing" and detail["year"] == 1843
    assert detail["held"]["facets"] == {"subject": "shape", "year": "1843"}


def test_the_same_again_adds_nothing_and_more_is_added(
    page: tuple[Session, Keeper], dropped: list[str], tmp_path: Path
) -> None:
    take(page, dropped)
    again = take(page, dropped)[0]
    assert (again["added"], again["present"], again["pictures"]) == (0, 4, 4)
    other = tmp_path / "made" / "other"
    other.mkdir()
    draw("hill", "right", False).save(other / "circle.png")  # a name that is there, another picture
    more = take(page, [str(other / "circle.png")])[0]
    assert (more["added"], more["pictures"]) == (1, 5)


@pytest.mark.parametrize("packed", [False, True])
def test_a_corrected_table_dropped_again_corrects(
    page: tuple[Session, Keeper], dropped: list[str], tmp_path: Path, packed: bool
) -> None:
    def files() -> list[str]:
        path = tmp_path / "made" / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for one in dropped:
                archive.write(one, Path(one).name)
        return [str(path)] if packed else dropped

    take(page, files())
    (table,) = (Path(one) for one in dropped if one.endswith(".csv"))
    table.write_text(table.read_text().replace("a round thing", "a wheel"))
    (
        view,
        _,
        versions,
        *_,
    ) = take(page, files())
    assert (view["added"], view["present"], view["updated"], view["twins"]) == (0, 4, 1, 0)
    assert "1 updated" in versions["versions"][0]["what"]
    shown = page[0].chart.engine.collection.items  # type: ignore[attr-defined]
    assert [one.caption for one in shown if one.key.endswith("circle.png")] == ["a wheel"]


def test_a_zip_and_pictures_come_together(
    page: tuple[Session, Keeper], dropped: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "made" / "more.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for side in ("middle", "right"):
            buffer = io.BytesIO()
            draw("tower", side, True).save(buffer, "PNG")
            archive.writestr(f"towers/{side}.png", buffer.getvalue())
    view = take(page, [*dropped, str(path)])[0]
    assert view["added"] == 6 and view["pictures"] == 6
    folders = page[0].chart.engine.collection.facets()["folder"]  # type: ignore[attr-defined]
    assert folders.count("towers") == 2


def test_a_stopped_import_goes_on(
    page: tuple[Session, Keeper], dropped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stops.reporter

    def impatient(*given: Any, **how: bool) -> Callable[[float, str], None]:
        def report(share: float, words: str) -> None:
            if "Placing" in words:
                raise stops.Stopped("Stopped.")

        return report

    monkeypatch.setattr(explore_import, "reporter", impatient)
    view = take(page, dropped)[0]
    standing = page[0].shelf.standing("prints")
    assert view["stopped"] and not standing.complete
    monkeypatch.setattr(explore_import, "reporter", real)
    view = take(page, dropped)[0]
    assert not view["stopped"] and view["pictures"] == 4
    assert page[0].shelf.standing("prints").complete


def test_only_what_was_uploaded_is_imported(
    page: tuple[Session, Keeper], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.png"
    draw("hill", "left", True).save(outside)
    with pytest.raises(PictureError, match="not uploaded here"):
        take(page, [str(outside)])
    for address in (str(outside), str(outside.parent), "/etc", "file.png"):
        with pytest.raises(PromptError, match="is no address"):
            take(page, None, address)
    with pytest.raises(SourceError):
        take(page, None, "file:///etc/passwd")
    with pytest.raises(SourceError):  # no host is listed
        take(page, None, "https://example.org/manifest.json")
    with pytest.raises(PictureError, match="nothing to import yet"):
        take(page, None)
    assert page[0].shelf.names() == [] and page[0].name == ""


def test_a_visitor_has_room_for_so_many(
    page: tuple[Session, Keeper], dropped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore_import, "MOST_ALONE", 3)
    take(page, dropped)  # on one's own machine there is no limit
    page[0].private = True
    with pytest.raises(PromptError, match="room for 3"):
        take(page, dropped, name="other")


@pytest.mark.parametrize("kind", ["manifest", "collection"])
def test_a_manifest_is_dropped_as_a_file(
    page: tuple[Session, Keeper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with serving() as host:
        for number, shape in enumerate(SHAPES):
            buffer = io.BytesIO()
            draw(shape, "left", True).save(buffer, "PNG")
            host.put(f"/p{number}.png", buffer.getvalue(), "image/png")
        whole = manifest3(host, "/m", *(canvas3(host, number) for number in range(4)))
        host.put_json("/m", whole)
        told = whole if kind == "manifest" else collection3(host, "/c", refer(host, "/m"))
        path = tmp_path / "made" / "book.JSON"
        path.write_text(json.dumps(told))
        with pytest.raises(PictureError, match="ENGRAVE_HOSTS"):  # no host is listed
            take(page, [str(path)])
        local = partial(open_source, hosts=[host.name], private=True)
        monkeypatch.setattr(inbox, "open_source", local)
        drawing = tmp_path / "made" / "own.png"
        draw("tower", "right", True).save(drawing)
        view = take(page, [str(drawing), str(path)])[0]
        assert (view["added"], view["failed"], view["pictures"]) == (5, 0, 5)
        # the number of a Collection's pictures is known once they were counted
        monkeypatch.setattr(explore_import, "MOST_ALONE", 7)
        page[0].private = True
        if kind == "collection":
            view = take(page, [str(path)], name="more")[0]
            assert (view["added"], view["failed"], view["pictures"]) == (2, 1, 2)
            assert "no room" in view["unread"][0]["why"]
        with pytest.raises(PromptError, match="room for 7"):
            take(page, [str(path)], name="third")


def test_what_is_no_manifest_is_told(page: tuple[Session, Keeper], tmp_path: Path) -> None:
    path = tmp_path / "made" / "words.json"
    for text in ("{}", "[1]", "no JSON"):
        path.write_text(text)
        with pytest.raises(SourceError, match=r"words\.json"):
            take(page, [str(path)])


def test_a_full_shelf_takes_the_same_again(
    page: tuple[Session, Keeper], dropped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore_import, "MOST_ALONE", 6)
    page[0].private = True
    take(page, dropped)
    again = take(page, dropped)[0]
    assert (again["added"], again["present"], again["failed"]) == (0, 4, 1)


def test_a_page_for_looking_only_changes_nothing(
    page: tuple[Session, Keeper], dropped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(page, dropped)
    monkeypatch.setenv("ENGRAVE_READ_ONLY", "1")
    session, keeper = page
    with pytest.raises(AccessError):
        take(page, dropped, name="other")
    with pytest.raises(AccessError):
        explore_versions.undone(session, keeper, event())
    with pytest.raises(AccessError):
        explore_versions.removed(session, keeper, event(sure="prints"))
    with pytest.raises(AccessError):
        explore_versions.edited(session, FRESH, Listing(), event(index=0, caption="x"))
    with pytest.raises(AccessError):
        explore_versions.discarded(session, FRESH, Listing(), event(index=0))


def test_an_edit_shows_and_is_undone(page: tuple[Session, Keeper], dropped: list[str]) -> None:
    take(page, dropped)
    session, keeper = page
    facets = {"subject": "ring", "artist": "Doré"}
    answer = explore_versions.edited(
        session, FRESH, Listing(), event(index=0, caption="<b>a ring</b>", facets=facets)
    )
    detail = answer[3]
    assert detail["caption"] == "<b>a ring</b>" and detail["held"]["facets"]["artist"] == "Doré"
    assert detail["held"]["by"] == "person" and answer[1]["versions"][0]["number"] == 2
    back = explore_versions.undone(session, keeper, event())
    assert back[4]["held"]["caption"] == "a round thing"
    ahead = explore_versions.undone(session, keeper, event(to=2))
    assert ahead[4]["held"]["caption"] == "<b>a ring</b>"
    for forged in ("2", True, 2.5):
        with pytest.raises(PromptError):
            explore_versions.undone(session, keeper, event(to=forged))
    with pytest.raises(CollectionError):
        explore_versions.undone(session, keeper, event(to=99))


def test_what_is_taken_out_moves_the_selection(
    page: tuple[Session, Keeper], dropped: list[str]
) -> None:
    take(page, dropped)
    session, _ = page
    marks = FRESH | {"selected": bits_text([0, 1, 3], 4), "found": [3, 1, 2]}
    answer = explore_versions.discarded(session, marks, Listing(), event(index=1))
    marks = answer[5]
    assert rows_of_bits(marks["selected"], 3) == [0, 2] and marks["found"] == [2, 1]
    assert answer[2]["files"]["count"] == 3


def test_a_collection_is_removed_once_that_was_confirmed(
    page: tuple[Session, Keeper], dropped: list[str]
) -> None:
    take(page, dropped)
    session, keeper = page
    with pytest.raises(PromptError, match="confirm"):
        explore_versions.removed(session, keeper, event())
    explore_versions.removed(session, keeper, event(sure="prints"))
    assert session.shelf.names() == [] and session.name == ""
    with pytest.raises(CollectionError, match="choose one own"):
        explore_versions.removed(session, keeper, event(sure="prints"))


def test_an_export_says_what_was_imported(page: tuple[Session, Keeper], dropped: list[str]) -> None:
    take(page, dropped)
    chart = page[0].chart

    def taken(form: str) -> bytes:
        view = exported(chart, FRESH, Listing(), REQUEST, event(format=form))
        return Path(unquote(view["file"]["src"].removeprefix("gradio_api/file="))).read_bytes()

    rows = list(csv.DictReader(io.StringIO(taken("csv").decode("utf-8-sig"))))
    assert {row["picture_by"] for row in rows} == {"as it was imported"}
    assert [row["caption_by"] for row in rows][:2] == ["came with the picture", ""]
    with zipfile.ZipFile(io.BytesIO(taken("zip"))) as archive:
        names = [name for name in archive.namelist() if name.startswith("pictures/")]
        assert len(names) == 4 and all(name.endswith("-imported.png") for name in names)
        assert "reconstruction" not in archive.read("README.txt").decode()
    assert taken("pdf").startswith(b"%PDF")


def test_an_export_has_file_folder_and_all_facets(
    page: tuple[Session, Keeper], tmp_path: Path
) -> None:
    path = tmp_path / "made" / "prints.zip"
    heads = "file_name;Ort/Zeit;=1+1;id;subject"
    with zipfile.ZipFile(path, "w") as archive:
        for shape in ("tower", "hill"):
            buffer = io.BytesIO()
            draw(shape, "left", True).save(buffer, "PNG")
            archive.writestr(f"old/{shape}.png", buffer.getvalue())
        archive.writestr("list.csv", f"{heads}\nold/tower.png;Köln;+7;T 1;towers\n")
    take(page, [str(path)])

    def taken(form: str) -> bytes:
        view = exported(page[0].chart, FRESH, Listing(), REQUEST, event(format=form))
        return Path(unquote(view["file"]["src"].removeprefix("gradio_api/file="))).read_bytes()

    rows = {row["file_name"]: row for row in map(json.loads, taken("jsonl").splitlines())}
    tower, hill = rows["old/tower.png"], rows["old/hill.png"]
    assert (tower["folder"], tower["ort/zeit"], tower["=1+1"]) == ("old", "Köln", "+7")
    assert tower["subject"] == "towers" and tower["id (facet)"] == "T 1" != tower["id"]
    assert hill["folder"] == "old" and "ort/zeit" not in hill
    for form in ("csv", "zip"):
        data = taken(form)
        if form == "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                data = packed.read("engravings.csv")
                names = packed.namelist()
        table = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        key = "original_file" if form == "zip" else "file_name"
        assert {row[key] for row in table} == set(rows)
        assert form == "csv" or {row["file_name"] for row in table} <= {*names}
        assert {row["ort/zeit"] for row in table} == {"", "Köln"}
        assert {row["'=1+1"] for row in table} == {"", "'+7"}  # no spreadsheet runs it


def test_two_collections_are_compared(page: tuple[Session, Keeper], dropped: list[str]) -> None:
    take(page, dropped)
    session, keeper = page
    view, chooser, versions, plot, *_ = explore_compare.compared(
        session, keeper, event(first="", second="prints")
    )
    assert plot["files"]["count"] == len(ENGINE.collection) + 4 and plot["collection"] == "+prints"
    assert versions == {} and "prints" in chooser["label"] and len(view["words"]) == 2
    assert 0 < len(view["alike"]) <= 4 and len(view["only"][0]) == explore_compare.LISTED
    assert {one["one"]["imported"] for one in view["only"][1]} == {True}
    explore_compare.compared(session, keeper, event(first="prints", second="", anew=True))
    assert session.name == "prints*" and not session.own
    with pytest.raises(CollectionError):
        explore_versions.edited(session, FRESH, Listing(), event(index=0, caption="x"))
    for first, second in (("", ""), (None, "prints"), ("prints", 3)):
        with pytest.raises(PromptError):
            explore_compare.compared(session, keeper, event(first=first, second=second))
    with pytest.raises(CollectionError):
        explore_compare.compared(session, keeper, event(first="", second="prints+prints"))
