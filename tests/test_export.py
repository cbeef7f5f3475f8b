"""What leaves the page: tables, contact sheets and ZIPs, read back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from engrave import lettering
from engrave.answers import Neighbour
from engrave.collection.export import as_contact_sheet, as_csv, as_json_lines, as_zip
from engrave.errors import CollectionError
from tests.tiny import tiny_collection, tiny_sprites


@pytest.fixture
def chosen() -> list[Neighbour]:
    """Three engravings, one with a caption that a spreadsheet would run."""
    found = [tiny_collection().neighbour(row) for row in (3, 4, 5)]
    return [replace(found[0], caption="=1+1"), replace(found[1], book="Œuvres, été"), found[2]]


def test_a_table_keeps_accents_and_runs_nothing(chosen: list[Neighbour]) -> None:
    data = as_csv(chosen)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [one.id for one in chosen]
    assert rows[0]["caption"] == "'=1+1" and rows[1]["book"] == "Œuvres, été"
    assert "not a scan" in rows[2]["picture_by"]


def test_json_lines_are_one_object_each(chosen: list[Neighbour]) -> None:
    rows = [json.loads(line) for line in as_json_lines(chosen).decode().splitlines()]
    assert rows[0]["caption"] == "=1+1" and rows[1]["year"] == chosen[1].year


def test_a_zip_holds_labelled_pictures_and_both_tables(chosen: list[Neighbour]) -> None:
    data = as_zip(chosen, tiny_sprites(3), "model 7")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        picture = archive.read(f"pictures/{chosen[1].id}-reconstruction.png")
        assert archive.read("engravings.csv") == as_csv(chosen)
    assert len(names) == 6
    with Image.open(io.BytesIO(picture)) as opened:
        told = dict(opened.info)
    assert any("not a scan" in str(value) for value in told.values())


def test_a_contact_sheet_has_twenty_a_page(chosen: list[Neighbour]) -> None:
    many = (chosen * 14)[:41]
    data = as_contact_sheet(many, tiny_sprites(41), "Ships, ŵ and 海")
    assert data.startswith(b"%PDF") and data.count(b"/Type /Page\n") == 3


def test_nothing_chosen_makes_no_sheet() -> None:
    with pytest.raises(CollectionError, match="Nothing is chosen"):
        as_contact_sheet([], [], "x")


def test_letters_of_other_scripts_are_set_by_a_font_of_the_machine_or_marked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written = "Έλλη Чайка"
    assert lettering.printable("Dürer, Łódź") == "Dürer, Łódź"
    for fonts in (lettering.LENDERS, ()):
        monkeypatch.setattr(lettering, "LENDERS", fonts)
        for kept in (lettering.lent, lettering._known_to_lenders, lettering._has):
            kept.cache_clear()
        if not lettering.lent():
            assert lettering.printable(written) == "???? ?????"
        elif "dejavusans" in lettering.lent():
            assert lettering.printable(written) == written
        one = tiny_collection().neighbour(0)
        chosen = [replace(one, caption=f"{written} 船", book=written)]
        sheet = as_contact_sheet(chosen, [Image.new("L", (96, 96))], written)
        assert sheet.startswith(b"%PDF") and "missing" not in caplog.text.lower()
    for kept in (lettering.lent, lettering._known_to_lenders, lettering._has):
        kept.cache_clear()
