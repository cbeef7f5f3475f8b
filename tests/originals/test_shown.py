"""What the page shows of originals: pictures, labels, sheets of thumbnails, exports."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engrave.collection.atlas import Atlas
from engrave.collection.export import ORIGINAL, as_contact_sheet, as_csv, as_json_lines, as_zip
from engrave.errors import OriginalsError
from engrave.originals.gather import gather
from engrave.originals.likeness import distance, hash_of
from engrave.originals.mirror import Mirror
from engrave.originals.shown import Shown
from engrave.originals.store import FILE, LONGEST_PX, Store
from engrave.ui.explore_map import FRESH, Chart
from engrave.ui.page import colophon, renewed
from engrave.ui.views import MEMORY, Views
from tests.fakes import FakeEngine
from tests.originals.conftest import COUNT, Known, plate


@pytest.fixture
def shown(known: Known, mirror: Mirror) -> Shown:
    """Originals of the first ten engravings, their sheets written."""
    gather(known.wanted, mirror, Store(), limit=10)
    found = Shown(known.collection)
    found.write_sheets()
    return found


def spoil(home: Path, column: str, number: int) -> None:
    """Change one byte of a kept picture behind the store's back."""
    with sqlite3.connect(home / "originals" / FILE) as base:
        id, data = base.execute(f"select id, {column} from originals order by id").fetchall()[
            number
        ]
        data = data[:60] + bytes([data[60] ^ 1]) + data[61:]
        base.execute(f"update originals set {column} = ? where id = ?", (data, id))
    base.close()


def test_originals_are_shown_where_there_are_any(known: Known, shown: Shown) -> None:
    assert shown.rows.tolist() == [True] * 10 + [False] * (COUNT - 10)
    for row in (0, 9):
        picture, small = shown.picture(row), shown.thumbnail(row)
        assert picture and small and small.size == (96, 96)
        assert distance(hash_of(picture), known.wanted[row].hash) <= 8
        assert max(picture.size) <= LONGEST_PX and picture.mode == "L"
    assert shown.picture(10) is None and shown.thumbnail(23) is None


def test_a_damaged_picture_is_not_shown(known: Known, home: Path, shown: Shown) -> None:
    spoil(home, "picture", 3)
    spoil(home, "thumb", 4)
    views = Views(FakeEngine(known.collection))  # type: ignore[arg-type]
    assert [views.originals.picture(row) is None for row in (2, 3)] == [False, True]
    told = views.neighbours(known.collection.neighbour(row) for row in (2, 3, 4, 5))
    assert [one["original"] for one in told] == [True, False, False, True]
    detail = views.detail(3, [])
    assert detail["original"] is False and detail["picture"].startswith("data:image/webp")


def test_sheets_hold_originals_and_reconstructions(known: Known, shown: Shown) -> None:
    folder = shown.sheets
    assert folder is not None
    atlas = Atlas(folder, 96)
    original, remembered = np.asarray(atlas.sprite(9), int), np.asarray(atlas.sprite(15), int)
    wanted = shown.thumbnail(9)
    assert np.abs(original - np.asarray(wanted, int)).mean() < 12
    assert np.abs(remembered - np.asarray(known.collection.sprite(15), int)).mean() < 12
    assert np.abs(original - np.asarray(known.collection.sprite(9), int)).mean() > 30


def test_sheets_follow_what_is_kept(known: Known, mirror: Mirror, shown: Shown) -> None:
    version = shown.version
    gather(known.wanted, mirror, Store(), limit=2)
    later = Shown(known.collection)
    assert later.sheets is None and later.version != version
    assert later.write_sheets() == later.sheets is not None


def test_a_changed_or_missing_sheet_is_not_shown(shown: Shown) -> None:
    assert shown.sheets is not None
    sheet = shown.sheets / "atlas-000.webp"
    data = sheet.read_bytes()
    sheet.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert shown.sheets is None
    shown.write_sheets()
    assert shown.sheets is not None
    sheet.unlink()
    assert shown.sheets is None
    (sheet.parent / "sheets.json").write_text("[]")
    assert shown.sheets is None
    shown.write_sheets()
    assert shown.sheets is not None


def test_only_changed_sheets_are_drawn_anew(
    known: Known, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    write = Atlas.write_sheet

    def counted(self: Atlas, number: int, sprites: list[Image.Image]) -> None:
        drawn.append(number)
        write(self, number, sprites)

    monkeypatch.setattr(Atlas, "write_sheet", counted)
    shown.write_sheets()
    assert drawn == []


def test_no_originals_no_store_or_no_list_show_nothing(known: Known, home: Path) -> None:
    assert len(Shown(known.collection)) == 0 and Shown(known.collection).sheets is None
    folder = home / "originals"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"this is no database" * 100)
    assert len(Shown(known.collection)) == 0
    with pytest.raises(OriginalsError, match="delete the folder"):
        Store().states()


def test_a_collection_of_ones_own_has_none(known: Known, shown: Shown, tmp_path: Path) -> None:
    assert known.collection.folder
    copy = shutil.copytree(known.collection.folder, tmp_path / "own")
    (copy / "originals.parquet").unlink()
    assert len(Shown(type(known.collection).load(copy))) == 0


def test_remove_gives_the_disk_back(known: Known, home: Path, shown: Shown) -> None:
    assert Store().remove() > 10_000
    assert not (home / "originals").exists() and Store().remove() == 0
    assert Store().states() == {} and len(Shown(known.collection)) == 0


def test_views_say_what_a_picture_is(known: Known, shown: Shown) -> None:
    views = Views(FakeEngine(known.collection))  # type: ignore[arg-type]
    assert views.likeness([0, 1]) == ORIGINAL and views.likeness([20]) == MEMORY
    assert views.likeness([0, 20]) == f"{ORIGINAL}, or {MEMORY}" and views.likeness([]) == MEMORY
    assert views.detail(0, [], "shipped.png")["picture"].startswith("data:")
    assert views.detail(20, [], "shipped.png")["picture"] == "shipped.png"


def test_exports_label_each_picture(known: Known, shown: Shown) -> None:
    chosen = [known.collection.neighbour(row) for row in (0, 20)]
    ids = {chosen[0].id}
    rows = list(csv.DictReader(io.StringIO(as_csv(chosen, ids).decode("utf-8-sig"))))
    lines = [json.loads(line) for line in as_json_lines(chosen, ids).splitlines()]
    for told in (rows, lines):
        assert told[0]["picture_by"] == ORIGINAL and "reconstruction" in told[1]["picture_by"]
    data = as_zip(chosen, [plate(0), plate(20)], "m", ids)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        original = archive.read(f"pictures/{chosen[0].id}-original.png")
        made = archive.read(f"pictures/{chosen[1].id}-reconstruction.png")
        assert ORIGINAL in archive.read("README.txt").decode()
    assert b"trainedAlgorithmicMedia" in made and b"trainedAlgorithmicMedia" not in original
    with Image.open(io.BytesIO(original)) as opened:
        assert opened.info["source"] == ORIGINAL and opened.info["url"] == chosen[0].url
    assert as_contact_sheet(chosen, [plate(0), plate(20)], "t", ids).startswith(b"%PDF")


def test_originals_that_come_while_the_app_runs_are_shown_at_once(
    known: Known, mirror: Mirror, tmp_path: Path
) -> None:
    chart = Chart(*served(known), tmp_path / "public")
    views, built = chart.views, chart.views.originals.stamp
    before = chart.view(FRESH)["files"], views.thumbnail(0), colophon(views)
    assert not views.is_original(0) and renewed(chart, None, built)[1] == gr.skip()
    gather(known.wanted, mirror, Store(), limit=10)
    Shown(known.collection).write_sheets()  # as the command does, in a process of its own
    plot, foot = renewed(chart, None, built)
    assert views.is_original(0) and views.detail(0, [])["original"]
    assert plot["files"]["originals"] != before[0]["originals"]
    assert "/sheets/" in plot["files"]["sheets"] != before[0]["sheets"]
    assert views.thumbnail(0) != before[1] and "10 engravings" in foot != before[2]
    Store().remove()
    assert not views.is_original(0) and views.thumbnail(0) == before[1]
    assert chart.view(FRESH)["files"]["sheets"] == before[0]["sheets"]


def served(known: Known) -> tuple[FakeEngine, Views]:
    """Return what answers and shows."""
    engine = FakeEngine(known.collection)
    return engine, Views(engine)  # type: ignore[arg-type]
