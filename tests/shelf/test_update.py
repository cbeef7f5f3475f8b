"""An import that is run again takes what changed in its source, and leaves what a person wrote."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL.Image import Image

from engrave.shelf import importer
from engrave.shelf.cluster import Errand, Eye, pieces
from engrave.shelf.importer import Importer, Report
from engrave.shelf.journal import write_journal
from engrave.shelf.records import Holding
from engrave.shelf.seen import FILE
from engrave.shelf.shelf import Edit, Shelf
from engrave.shelf.volume import Volume
from engrave.sources import open_source
from engrave.studio import Studio
from tests.shelf.conftest import noise


class Counting:
    """A model that tells how many pictures it has seen."""

    def __init__(self, reader: Studio) -> None:
        self.seen = 0
        self._reader = reader

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)

    def encode_batch(self, pictures: Sequence[Image]) -> np.ndarray:
        """Count, and look."""
        self.seen += len(pictures)
        return self._reader.encode_batch(pictures)


@pytest.fixture
def counting(reader: Studio) -> Counting:
    """The model, with a count."""
    return Counting(reader)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Four pictures with a table."""
    folder = tmp_path / "few"
    folder.mkdir()
    for number, name in enumerate("abcd"):
        noise(folder / f"{name}.png", number)
    tell(folder, a="ship", b="owl", c="tree", d="mill")
    return folder


def tell(folder: Path, **words: str) -> None:
    """Write the table."""
    rows = ["file_name,title,caption,book"]
    rows += [f"{name}.png,The {one},a {one},Book of {one}s" for name, one in words.items()]
    (folder / "list.csv").write_text("\n".join(rows) + "\n")


def bring(shelf: Shelf, reader: object, source: Path, captions: bool = False) -> Report:
    """Import a source."""
    work = Importer(shelf, reader, captions=captions)  # type: ignore[arg-type]
    return work.run(open_source(source), "few", origin=str(source))


def item(volume: Volume, key: str) -> Holding:
    """Return the one picture of a key."""
    (found,) = (one for one in volume.items if one.key == key)
    return found


def told(report: Report) -> tuple[int, int, int, int]:
    """Return what an import counted."""
    return report.added, report.present, report.updated, report.pictures


def test_a_replaced_scan_is_taken_and_nothing_else_is_computed(
    shelf: Shelf, counting: Counting, few: Path
) -> None:
    bring(shelf, counting, few)
    before = shelf.open("few")
    noise(few / "b.png", 77)
    counting.seen = 0
    report = bring(shelf, counting, few)
    assert told(report) == (0, 3, 1, 4) and report.twins == ()
    assert counting.seen == 1
    after = shelf.open("few")
    assert [one.key for one in after.items] == ["a.png", "b.png", "c.png", "d.png"]
    assert not np.allclose(after.latents[1], before.latents[1], atol=1e-3)
    assert np.array_equal(after.latents[[0, 2, 3]], before.latents[[0, 2, 3]])
    assert item(after, "b.png").id != item(before, "b.png").id
    assert item(after, "b.png").caption == "a owl" and item(after, "b.png").book == "Book of owls"
    assert np.isfinite(after.places).all()
    assert shelf.journal("few").current.what.endswith("(0 pictures, 1 updated)")
    assert told(bring(shelf, counting, few)) == (0, 4, 0, 4) and counting.seen == 1


def test_an_update_is_undone_in_one_step_and_can_be_taken_again(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    bring(shelf, reader, few)
    before = shelf.open("few")
    noise(few / "b.png", 77)
    tell(few, a="boat", b="owl", c="tree", d="mill")
    assert told(bring(shelf, reader, few)) == (0, 3, 2, 4)
    shelf.undo("few")
    back = shelf.open("few")
    assert [one.id for one in back.items] == [one.id for one in before.items]
    assert item(back, "a.png").caption == "a ship"
    assert told(bring(shelf, reader, few)) == (0, 3, 2, 4)


def test_corrected_lines_are_taken_without_looking_at_pictures(
    shelf: Shelf, counting: Counting, few: Path
) -> None:
    bring(shelf, counting, few)
    counting.seen = 0
    tell(few, a="ship", b="eagle", c="oak", d="mill")
    assert told(bring(shelf, counting, few)) == (0, 4, 2, 4)
    volume = shelf.open("few")
    facts = item(volume, "b.png")
    assert (facts.caption, facts.printed, facts.book) == ("a eagle", "The eagle", "Book of eagles")
    assert counting.seen == 0
    version = shelf.journal("few").current.number
    assert told(bring(shelf, counting, few)) == (0, 4, 0, 4)
    assert shelf.journal("few").current.number == version


def test_what_a_person_wrote_stays(shelf: Shelf, reader: Studio, few: Path) -> None:
    bring(shelf, reader, few)
    a, b, c = (item(shelf.open("few"), f"{name}.png").id for name in "abc")
    edits = {
        a: Edit(caption="my ship"),
        b: Edit(title="", facets={"book": "My book", "url": ""}),
        c: Edit(facets={"book": ""}),
    }
    shelf.edit("few", edits)
    noise(few / "a.png", 77)
    noise(few / "c.png", 78)
    tell(few, a="boat", b="eagle", c="oak", d="mill")
    assert told(bring(shelf, reader, few)) == (0, 2, 3, 4)
    volume = shelf.open("few")
    one = item(volume, "a.png")
    assert (one.caption, one.caption_by, one.printed) == ("my ship", "person", "The boat")
    two = item(volume, "b.png")
    assert (two.caption, two.printed, two.book) == ("a eagle", "", "My book")
    three = item(volume, "c.png")
    assert (three.caption, three.book) == ("a oak", "")
    noise(few / "a.png", 79)  # and once more, of what took the place
    bring(shelf, reader, few)
    assert item(shelf.open("few"), "a.png").caption == "my ship"


def test_a_table_that_is_gone_takes_nothing_along(shelf: Shelf, reader: Studio, few: Path) -> None:
    bring(shelf, reader, few)
    (few / "list.csv").unlink()
    assert told(bring(shelf, reader, few)) == (0, 4, 0, 4)
    assert item(shelf.open("few"), "a.png").caption == "a ship"


def test_a_replaced_scan_is_described_anew_where_the_model_had(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    (few / "list.csv").unlink()
    bring(shelf, reader, few, captions=True)
    noise(few / "b.png", 77)
    report = bring(shelf, reader, few)
    assert (report.updated, report.captioned) == (1, 1)
    volume = shelf.open("few")
    found = item(volume, "b.png")
    assert found.caption_by == "model"
    assert found.caption == reader.captions(volume.latents[1:2])[0]


def test_files_that_changed_names_keep_their_rows(
    shelf: Shelf, counting: Counting, few: Path
) -> None:
    bring(shelf, counting, few)
    a = item(shelf.open("few"), "a.png").id
    shelf.edit("few", {a: Edit(caption="my ship")})
    (few / "a.png").rename(few / "x.png")
    (few / "b.png").rename(few / "a.png")
    (few / "x.png").rename(few / "b.png")
    tell(few, a="owl", b="ship", c="tree", d="mill")
    counting.seen = 0
    report = bring(shelf, counting, few)
    assert (*told(report), report.twins, counting.seen) == (0, 4, 0, 4, (), 0)
    volume = shelf.open("few")
    assert (item(volume, "b.png").id, item(volume, "b.png").caption) == (a, "my ship")
    assert item(volume, "a.png").caption == "a owl"
    assert told(bring(shelf, counting, few)) == (0, 4, 0, 4)


def test_a_twin_whose_file_is_another_now_becomes_a_picture(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    shutil.copy(few / "a.png", few / "e.png")
    assert bring(shelf, reader, few).pictures == 4
    noise(few / "e.png", 77)
    assert told(bring(shelf, reader, few)) == (1, 4, 0, 5)
    assert item(shelf.open("few"), "a.png").also == ()
    shutil.copy(few / "a.png", few / "e.png")
    noise(few / "a.png", 78)  # the picture lives on under the other key
    report = bring(shelf, reader, few)
    assert (report.pictures, report.updated) == (5, 1)
    assert told(bring(shelf, reader, few)) == (0, 5, 0, 5)


def test_a_file_that_is_broken_now_leaves_its_picture(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    bring(shelf, reader, few)
    (few / "b.png").write_bytes(b"no picture")
    report = bring(shelf, reader, few)
    assert report.pictures == 4 and [key for key, _ in report.unread] == ["b.png"]


@pytest.mark.parametrize("loss", ["gone", "broken"])
def test_without_the_list_of_files_they_are_read_again_but_not_embedded(
    shelf: Shelf, counting: Counting, few: Path, loss: str
) -> None:
    bring(shelf, counting, few)
    listed = shelf.path("few") / FILE
    listed.unlink() if loss == "gone" else listed.write_bytes(b"no database" * 100)
    noise(few / "b.png", 77)
    counting.seen = 0
    assert told(bring(shelf, counting, few)) == (0, 3, 1, 4)
    assert counting.seen == 1


def test_the_same_size_and_time_do_not_hide_another_picture(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    bmp = few / "e.bmp"
    noise(bmp, 5)
    bring(shelf, reader, few)
    before = bmp.stat()
    noise(bmp, 6)
    os.utime(bmp, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert bmp.stat().st_size == before.st_size
    assert bring(shelf, reader, few).updated == 1


def test_a_zip_and_a_table_of_bytes_update_too(
    shelf: Shelf, counting: Counting, few: Path, tmp_path: Path
) -> None:
    names = ("a.png", "b.png", "c.png")

    def pack() -> Path:
        with zipfile.ZipFile(tmp_path / "few.zip", "w") as file:
            for name in (*names, "list.csv"):
                file.write(few / name, name)
        return tmp_path / "few.zip"

    def table() -> Path:
        rows = [{"id": n, "image": (few / n).read_bytes(), "title": n} for n in names]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "few.parquet")
        return tmp_path / "few.parquet"

    for number, make in enumerate((pack, table)):
        bring(shelf, counting, make())
        noise(few / "b.png", 90 + number)
        counting.seen = 0
        assert told(bring(shelf, counting, make())) == (0, 2, 1, 3)
        assert counting.seen == 1
        shelf.remove("few")


def test_a_stopped_update_goes_on(
    shelf: Shelf, reader: Studio, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(shelf, reader, few)
    a = item(shelf.open("few"), "a.png").id
    shelf.edit("few", {a: Edit(caption="my ship")})
    noise(few / "a.png", 77)
    noise(few / "b.png", 78)
    with monkeypatch.context() as patch:
        patch.setattr("engrave.shelf.work.Work.settle", stop)
        with pytest.raises(InterruptedError):
            bring(shelf, reader, few)
    assert told(bring(shelf, reader, few)) == (0, 4, 2, 4)
    volume = shelf.open("few")
    assert [one.key for one in volume.items] == ["a.png", "b.png", "c.png", "d.png"]
    assert item(volume, "a.png").caption == "my ship"


def stop(*_: object) -> None:
    """End an import in its middle."""
    raise InterruptedError


def test_a_collection_of_an_older_engrave_is_read_edited_and_updated(
    shelf: Shelf, reader: Studio, few: Path
) -> None:
    bring(shelf, reader, few)
    with shelf.writer("few") as (store, journal):
        store.pictures.drop_columns(["edited"])
        old = journal.amended(**store.commits())
        write_journal(store.folder, old)
    assert len(shelf.open("few")) == 4
    noise(few / "e.png", 77)
    tell(few, a="boat", b="owl", c="tree", d="mill")
    assert told(bring(shelf, reader, few)) == (1, 4, 1, 5)
    shelf.undo("few")
    assert len(shelf.open("few")) == 4
    a = item(shelf.open("few"), "a.png").id
    shelf.edit("few", {a: Edit(caption="my ship")})
    assert item(shelf.open("few"), "a.png").caption == "my ship"
    bring(shelf, reader, few)
    assert item(shelf.open("few"), "a.png").caption == "my ship"


def test_workers_read_only_what_changed(
    shelf: Shelf, reader: Studio, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(shelf, reader, few)
    noise(few / "b.png", 77)
    noise(few / "e.png", 78)
    tell(few, a="boat", b="owl", c="tree", d="mill")
    read: list[str] = []

    def embed(errand: Errand, *_: object) -> None:
        errand.stage.mkdir(parents=True, exist_ok=True)
        for number, piece in enumerate(pieces(errand.source, errand.known)):
            read.extend(piece["key"].to_pylist())
            pq.write_table(Eye(errand.load, False)(piece), errand.stage / f"{number}.parquet")

    monkeypatch.setattr(importer, "embed_all", embed)
    monkeypatch.setattr(importer, "check_ray", lambda: None)
    work = importer.ClusterImporter(shelf, reader, lambda: reader, source=str(few), workers=2)
    assert told(work.run(open_source(few), "few", origin=str(few))) == (1, 3, 2, 5)
    assert read == ["b.png", "e.png"]
    assert told(bring(shelf, reader, few)) == (0, 5, 0, 5)
