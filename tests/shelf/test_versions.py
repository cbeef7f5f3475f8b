"""Every import and edit is a version that can be gone back from and to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engrave.collection.atlas import Atlas
from engrave.errors import CollectionError
from engrave.shelf.importer import Importer
from engrave.shelf.journal import FILE
from engrave.shelf.names import checked_name, name_from
from engrave.shelf.shelf import Edit, Shelf
from engrave.shelf.store import Store
from engrave.sources import open_source
from engrave.studio import Studio
from tests.shelf.conftest import many_noises, noise


@pytest.fixture
def filled(shelf: Shelf, reader: Studio, prints: Path) -> Shelf:
    """A shelf whose collection "prints" came in two imports."""
    for part in ("dark", "light"):
        Importer(shelf, reader).run(open_source(prints / part), "prints", origin=part)
    return shelf


def test_undo_goes_back_over_whole_imports(filled: Shelf) -> None:
    assert len(filled.open("prints")) == 24
    assert filled.undo("prints").rows == 12
    assert {item.source for item in filled.open("prints").items} == {"dark"}
    assert filled.undo("prints").rows == 0
    assert len(filled.open("prints")) == 0
    with pytest.raises(CollectionError, match="nothing to undo"):
        filled.undo("prints")
    assert filled.undo("prints", to=2).rows == 24
    assert len(filled.open("prints")) == 24


def test_older_versions_stay_readable(filled: Shelf) -> None:
    filled.undo("prints")
    old = filled.open("prints", version=2)
    assert len(old) == 24 and old.sprite(23) and np.isfinite(old.places).all()
    with pytest.raises(CollectionError, match="no version 9; choose one from 0 to 3"):
        filled.open("prints", version=9)


def test_an_import_after_an_undo_brings_back_what_was_undone(
    filled: Shelf, reader: Studio, prints: Path
) -> None:
    filled.undo("prints")
    source = open_source(prints / "light")
    report = Importer(filled, reader).run(source, "prints", origin="light")
    assert (report.added, report.present, report.pictures) == (12, 0, 24)


def test_an_edit_is_a_version_and_keeps_the_order(filled: Shelf) -> None:
    before = filled.open("prints")
    ids = [before.items[row].id for row in (3, 20)]
    filled.edit(
        "prints",
        {
            ids[0]: Edit(caption="a  hill\nby night", facets={"subject": "landscape"}),
            ids[1]: Edit(title="Plate 7"),
        },
    )
    after = filled.open("prints")
    assert [item.id for item in after.items] == [item.id for item in before.items]
    changed = after.items[3]
    assert (changed.caption, changed.caption_by) == ("a hill by night", "person")
    assert changed.subject == changed.facets["subject"] == "landscape"
    assert after.items[20].printed == "Plate 7" and after.items[20].caption == ""
    assert np.array_equal(after.embeddings, before.embeddings)
    assert after.picture(3).tobytes() == before.picture(3).tobytes()
    assert after.stamp != before.stamp
    filled.undo("prints")
    assert filled.open("prints").items[3].caption == ""


def test_an_edit_can_take_a_facet_away(filled: Shelf) -> None:
    id = filled.open("prints").items[0].id
    filled.edit("prints", {id: Edit(facets={"subject": "sea", "book": "Travels"})})
    filled.edit("prints", {id: Edit(facets={"subject": ""})})
    item = filled.open("prints").items[0]
    assert item.subject == "" and item.book == "Travels"


def test_pictures_can_be_taken_out(filled: Shelf) -> None:
    before = filled.open("prints")
    ids = [item.id for item in before.items[5:9]]
    assert filled.delete("prints", ids).rows == 20
    after = filled.open("prints")
    assert not {item.id for item in after.items} & set(ids)
    assert np.array_equal(after.places, np.delete(before.places, range(5, 9), axis=0))
    assert filled.undo("prints").rows == 24


def test_wrong_edits_are_one_sentence(filled: Shelf) -> None:
    with pytest.raises(CollectionError, match="has no picture 'nobody'"):
        filled.edit("prints", {"nobody": Edit(caption="x")})
    id = filled.open("prints").items[0].id
    with pytest.raises(CollectionError, match="2,001 characters"):
        filled.edit("prints", {id: Edit(caption="x" * 2001)})
    with pytest.raises(CollectionError, match="has no picture"):
        filled.delete("prints", ["' OR 1=1 --"])
    assert filled.standing("prints").version == 2


def test_what_was_written_and_not_noted_is_taken_back(filled: Shelf) -> None:
    """As where the power fails between the table's commit and the journal's."""
    folder = filled.path("prints")
    id = filled.open("prints").items[0].id
    Store(folder).delete([id])
    assert len(filled.open("prints")) == 24  # a reader sees what the journal names
    other = filled.open("prints").items[1].id
    assert filled.edit("prints", {other: Edit(caption="a lion")}).rows == 24


def test_a_damaged_journal_is_told(filled: Shelf) -> None:
    path = filled.path("prints") / FILE
    path.write_text(path.read_text()[:100])
    with pytest.raises(CollectionError, match="cannot be read"):
        filled.open("prints")
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(CollectionError, match="format 99"):
        filled.open("prints")


def test_a_damaged_table_is_told(filled: Shelf) -> None:
    for path in (filled.path("prints") / "pictures.lance" / "data").iterdir():
        path.write_bytes(b"")
    with pytest.raises(CollectionError, match="could not be read"):
        len(filled.open("prints").latents)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../other",
        "a/b",
        "/etc",
        "A",
        "naïve",
        "-a",
        "a-",
        "a" * 61,
        "a\n",
        "a b",
        None,
    ],
)
def test_hostile_names_are_refused_with_one_that_would_do(shelf: Shelf, name: object) -> None:
    with pytest.raises(CollectionError, match="for example") as told:
        checked_name(name)
    proposed = str(told.value).split("for example '")[1].split("'")[0]
    assert checked_name(proposed) == proposed
    with pytest.raises(CollectionError):
        shelf.open(name)  # type: ignore[arg-type]
    assert not shelf.folder.exists()


def test_names_are_made_of_what_a_source_is_called() -> None:
    assert name_from("Dürers Holzschnitte (1498)") == "durers-holzschnitte-1498"
    assert name_from("木版画") == "my-engravings"


def test_an_unknown_name_lists_those_that_are_there(filled: Shelf) -> None:
    with pytest.raises(CollectionError, match=r"no collection called 'x' \(there are: prints\)"):
        filled.open("x")


def test_an_edit_draws_no_sheet_anew_and_an_import_only_the_last(
    shelf: Shelf, reader: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = many_noises(tmp_path / "many", 103)
    Importer(shelf, reader).run(open_source(folder), "mine")
    drawn: list[int] = []
    write = Atlas.write_sheet

    def noted(atlas: Atlas, number: int, sprites: Sequence[Image.Image]) -> None:
        drawn.append(number)
        write(atlas, number, sprites)

    monkeypatch.setattr(Atlas, "write_sheet", noted)

    def page() -> list[bytes]:
        """Return the sheets of the newest version; note which were drawn."""
        drawn.clear()
        folder = shelf.open("mine").page_folder()
        assert folder is not None
        return [path.read_bytes() for path in sorted(folder.glob("atlas-*.webp"))]

    first = page()
    assert drawn == [0, 1] and len(first) == 2
    id = shelf.open("mine").items[7].id
    shelf.edit("mine", {id: Edit(caption="a lion", facets={"subject": "animals"})})
    assert page() == first and drawn == []
    noise(folder / "200.png", 200)
    Importer(shelf, reader).run(open_source(folder), "mine")
    longer = page()
    assert drawn == [1] and longer[0] == first[0] and longer[1] != first[1]
    shelf.delete("mine", [id])  # all after it move up
    assert page() != longer and drawn == [0, 1]
    for row in (0, 50, 102):
        volume = shelf.open("mine")
        folder_now = volume.page_folder()
        assert folder_now is not None
        shown = np.asarray(Atlas(folder_now, 96).sprite(row), float)
        assert np.abs(shown - np.asarray(volume.sprite(row), float)).mean() < 12
