"""An import reads each picture once, lists what it cannot read, and goes on where it stopped."""

from __future__ import annotations

import errno
import gc
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import engrave.shelf.shelf
from engrave.errors import CollectionError
from engrave.image import open_picture
from engrave.progress import Progress
from engrave.shelf import importer
from engrave.shelf.importer import Importer, Report
from engrave.shelf.lock import writing
from engrave.shelf.shelf import Shelf, open_collection
from engrave.sources import open_source
from engrave.studio import Studio
from tests.shelf.conftest import noise


def bring(
    shelf: Shelf,
    reader: Studio,
    folder: Path,
    name: str = "prints",
    *,
    captions: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import a folder."""
    source = open_source(folder)
    work = Importer(shelf, reader, captions=captions)
    return work.run(source, name, origin=str(folder), progress=progress)


def test_a_folder_becomes_a_collection(shelf: Shelf, reader: Studio, prints: Path) -> None:
    report = bring(shelf, reader, prints)
    assert (report.added, report.present, report.pictures, report.version) == (24, 0, 24, 1)
    assert report.unread == () and report.twins == () and report.seconds > 0
    volume = shelf.open("prints")
    assert len(volume) == 24 and volume.complete
    keys = [item.key for item in volume.items]
    assert keys == sorted(p.relative_to(prints).as_posix() for p in prints.rglob("*.png"))
    assert volume.facets()["folder"] == ["dark"] * 12 + ["light"] * 12
    assert len({item.id for item in volume.items}) == 24
    assert all(item.caption == "" and item.caption_by == "" for item in volume.items)


def test_facets_of_any_name_colour_the_map(shelf: Shelf, reader: Studio, prints: Path) -> None:
    rows = [("file_name", "Ort/Zeit", "cluster")]
    rows += [(path.name, path.stem[0], path.stem[1]) for path in (prints / "dark").iterdir()]
    (prints / "dark" / "list.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    bring(shelf, reader, prints / "dark", "dark")
    volume = shelf.open("dark")
    assert {"ort/zeit", "cluster of the source"} <= {*volume.facets()}
    assert volume.facets()["ort/zeit"] == [item.key[0] for item in volume.items]
    folder = volume.page_folder()
    assert folder is not None and (folder / "map-facets.json").is_file()


def test_the_vectors_are_those_of_the_model(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints)
    volume = shelf.open("prints")
    for row in (0, 13, 23):
        latent = reader.encode(open_picture(prints / volume.items[row].key))
        assert np.allclose(volume.latents[row], latent, atol=1e-3)
        assert np.allclose(volume.embeddings[row], reader.embed(latent[None])[0], atol=1e-3)
        assert volume.nearest(volume.embeddings[row], 1)[0].index == row
    assert np.isfinite(volume.places).all() and len(np.unique(volume.places, axis=0)) == 24


def test_thumbnails_show_the_picture_itself(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints)
    volume = shelf.open("prints")
    for row in (0, 20):
        original = open_picture(prints / volume.items[row].key)
        shown = volume.picture(row)
        assert shown.size == original.size
        assert np.abs(np.asarray(shown, float) - np.asarray(original, float)).mean() < 4
        assert volume.sprite(row).size == (96, 96)


def test_bad_files_are_listed_and_the_others_go_on(
    shelf: Shelf, reader: Studio, prints: Path
) -> None:
    (prints / "empty.png").touch()
    (prints / "words.jpg").write_text("no picture")
    whole = (prints / "dark" / "hill-left.png").read_bytes()
    (prints / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("L", (4, 4)).save(prints / "dot.png")
    report = bring(shelf, reader, prints)
    assert report.added == 24
    assert {key for key, _ in report.unread} == {"empty.png", "words.jpg", "cut.png", "dot.png"}
    assert all(reason.endswith(".") for _, reason in report.unread)


def test_a_folder_without_pictures_leaves_no_collection(
    shelf: Shelf, reader: Studio, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "words.jpg").write_text("no picture")
    report = bring(shelf, reader, empty, "nothing")
    assert report.pictures == 0 and len(report.unread) == 1 and shelf.names() == []


def test_the_same_picture_twice_is_one_row_with_a_note(
    shelf: Shelf, reader: Studio, prints: Path
) -> None:
    shutil.copy(prints / "dark" / "hill-left.png", prints / "light" / "again.png")
    report = bring(shelf, reader, prints)
    assert report.pictures == 24
    assert report.twins == (("light/again.png", "dark/hill-left.png"),)
    kept = next(i for i in shelf.open("prints").items if i.key == "dark/hill-left.png")
    assert [one.split("\n")[1] for one in kept.also] == ["light/again.png"]
    again = bring(shelf, reader, prints)
    assert (again.added, again.present, again.twins) == (0, 25, ())


def test_importing_again_adds_what_is_new_and_moves_nothing(
    shelf: Shelf, reader: Studio, prints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(shelf, reader, prints)
    monkeypatch.setattr(engrave.shelf.shelf, "umap_aside", circle)
    assert shelf.draw_map("prints").kind == "umap"
    before = shelf.open("prints")
    noise(prints / "aaa.png", 1)
    report = bring(shelf, reader, prints)
    assert (report.added, report.present, report.version) == (1, 24, 2)
    after = shelf.open("prints")
    assert [item.key for item in after.items][-1] == "aaa.png"
    assert np.array_equal(after.places[:24], before.places)
    assert np.array_equal(after.latents[:24], before.latents)
    low, high = before.places.min(axis=0), before.places.max(axis=0)
    assert (low <= after.places[24]).all() and (after.places[24] <= high).all()


def test_nothing_new_is_no_new_version(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints)
    stamp = shelf.stamp("prints")
    assert bring(shelf, reader, prints).version == 1
    assert shelf.stamp("prints") == stamp == shelf.open("prints").stamp


def test_two_sources_may_use_the_same_keys(shelf: Shelf, reader: Studio, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        noise(tmp_path / name / "one.png", seed)
        assert bring(shelf, reader, tmp_path / name, "both").added == 1
    assert [item.key for item in shelf.open("both").items] == ["one.png", "one.png"]


def test_a_moved_source_is_read_again_and_kept_once(
    shelf: Shelf, reader: Studio, prints: Path
) -> None:
    bring(shelf, reader, prints)
    moved = prints.rename(prints.parent / "elsewhere")
    report = bring(shelf, reader, moved)
    assert (report.added, report.pictures, len(report.twins)) == (0, 24, 24)


def test_two_collections_do_not_see_each_other(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints / "dark", "dark")
    bring(shelf, reader, prints / "light", "light")
    assert shelf.names() == ["dark", "light"]
    dark, light = shelf.open("dark"), shelf.open("light")
    assert len(dark) == len(light) == 12
    assert not {i.id for i in dark.items} & {i.id for i in light.items}
    shelf.remove("dark")
    assert shelf.names() == ["light"] and len(shelf.open("light")) == 12


def circle(embeddings: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Return places as a map's maker would, at once."""
    angles = np.linspace(0, 6, len(embeddings))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


class Stop(Exception):
    """What a listener raises to stop the work."""


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_stopped_import_keeps_what_was_read_and_goes_on(
    shelf: Shelf, reader: Studio, prints: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr(importer, "BATCH", 4)
    told: list[str] = []

    def listen(share: float, what: str) -> None:
        told.append(what)
        if len(told) == calls:
            raise Stop

    with pytest.raises(Stop):
        bring(shelf, reader, prints, progress=listen)
    assert told[0].startswith("4 of 24 pictures, ") and told[0].endswith(" left")
    half = shelf.open("prints")
    assert len(half) == 4 * calls and not half.complete
    assert np.isfinite(half.places).all() and half.sprite(0)
    standing = shelf.standing("prints")
    assert (standing.pictures, standing.complete) == (4 * calls, False)
    report = bring(shelf, reader, prints)
    assert (report.added, report.present, report.version) == (24 - 4 * calls, 4 * calls, 1)
    assert shelf.standing("prints").complete


def test_a_stopped_import_can_be_undone(
    shelf: Shelf, reader: Studio, prints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH", 4)
    bring(shelf, reader, prints / "dark")

    def listen(share: float, what: str) -> None:
        raise Stop

    with pytest.raises(Stop):
        bring(shelf, reader, prints / "light", progress=listen)
    assert len(shelf.open("prints")) == 16
    shelf.undo("prints")
    assert len(shelf.open("prints")) == 12 and shelf.standing("prints").complete


def test_captions_are_the_sources_else_the_models(
    shelf: Shelf, reader: Studio, prints: Path
) -> None:
    few = prints / "few"
    few.mkdir()
    for name in ("hill-left.png", "hill-right.png"):
        (prints / "dark" / name).rename(few / name)
    (few / "metadata.csv").write_text("file_name,caption\nhill-left.png,a dark hill\n")
    bring(shelf, reader, few)
    report = bring(shelf, reader, few, captions=True)  # later, of what is there
    assert (report.added, report.captioned) == (0, 1)
    given, made = shelf.open("prints").items
    assert (given.caption, given.caption_by, made.caption_by) == ("a dark hill", "source", "model")
    assert made.caption == reader.captions(shelf.open("prints").latents[1:])[0]
    fresh = bring(shelf, reader, few, "fresh", captions=True)  # while it is imported
    assert (fresh.captioned, fresh.added) == (1, 2)


def test_one_process_writes_at_a_time(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints)
    with writing(shelf.path("prints")), pytest.raises(CollectionError, match="Another process"):
        bring(shelf, reader, prints)


def test_another_model_is_refused(shelf: Shelf, reader: Studio, prints: Path) -> None:
    bring(shelf, reader, prints)
    shelf_volume = shelf.open("prints")
    with pytest.raises(CollectionError, match="import them again under another name"):
        shelf_volume.check_fits("other-2", shelf_volume.journal.embedding_width)

    class Other:
        config, facts = reader.config, {"version": "other-2"}

    with pytest.raises(CollectionError, match="collection of another name"):
        Importer(shelf, Other()).run(open_source(prints), "prints")  # type: ignore[arg-type]


def test_a_name_opens_it_where_folders_are_asked_for(
    shelf: Shelf, reader: Studio, prints: Path, tmp_path: Path
) -> None:
    bring(shelf, reader, prints)
    assert len(open_collection("prints")) == 24
    with pytest.raises(CollectionError, match="holds no collection"):
        open_collection("print")


def test_a_collection_on_a_disk_for_reading_only_is_shown(
    shelf: Shelf, reader: Studio, prints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(shelf, reader, prints)
    volume = shelf.open("prints")
    mkdir = Path.mkdir

    def refuse(path: Path, *given: object, **wish: object) -> None:
        if path.name == "pages":  # the rights of a folder hold back no root
            raise OSError(errno.EROFS, "Read-only file system")
        mkdir(path, *given, **wish)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    folder = volume.page_folder()
    assert folder is not None and (folder / "map-facets.json").is_file()
    assert not folder.is_relative_to(volume.home) and volume.page_folder() == folder
    del volume
    gc.collect()
    assert not folder.exists()
