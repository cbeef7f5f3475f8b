"""Folders: what is a picture, what is left out, what is listed, and nothing outside of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engrave.errors import PictureError, SourceError
from engrave.image import MAX_BYTES, open_picture
from engrave.sources import Entry, open_source
from engrave.sources import pictures as pictures_module
from engrave.sources import tree as tree_module
from tests.sources.plates import plate, put


def keys(what: Path) -> list[str]:
    return [entry.key for entry in open_source(what).entries()]


def by_key(what: Path) -> dict[str, Entry]:
    return {entry.key: entry for entry in open_source(what).entries()}


def test_pictures_come_in_order_with_their_folder(tmp_path: Path) -> None:
    put(tmp_path / "box", "b.png", "a.PNG", "sea/ships/c.png", "sea/d.png")
    source = open_source(tmp_path / "box")
    found = list(source.entries())
    assert [entry.key for entry in found] == ["a.PNG", "b.png", "sea/d.png", "sea/ships/c.png"]
    assert [dict(entry.facets) for entry in found] == [
        {}, {}, {"folder": "sea"}, {"folder": "sea/ships"},
    ]  # fmt: skip
    assert (source.name, source.count, source.unread) == ("box", 4, [])
    assert [open_picture(entry.read()).size for entry in found] == [(96, 80)] * 4
    assert [entry.key for entry in source.entries()] == [entry.key for entry in found]
    assert found[2].address == "sea/d.png"


def test_a_text_is_a_path_too(tmp_path: Path) -> None:
    assert open_source(str(put(tmp_path, "a.png"))).count == 1


def test_litter_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "._a.png", ".hidden/b.png", "__MACOSX/c.png", "@eaDir/d.png")
    put(tmp_path, "Thumbs.db", ".DS_Store", "desktop.ini", "notes.txt", data=b"none")
    source = open_source(tmp_path)
    assert ([entry.key for entry in source.entries()], source.unread) == (["a.png"], [])


def test_files_without_an_ending_are_known_by_their_start(tmp_path: Path) -> None:
    put(tmp_path, "scan0001")
    for kind in ("JPEG", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000"):
        put(tmp_path, f"plate-{kind}", data=plate(kind=kind))
    put(tmp_path, "README", data=b"A letter to the curator.")
    assert open_source(tmp_path).count == 7
    assert "README" not in keys(tmp_path)


def test_what_looks_like_a_picture_is_listed(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    put(tmp_path, "b.svg", "c.heic", data=b"<svg/>")
    source = open_source(tmp_path)
    assert [key for key, _ in source.unread] == ["b.svg", "c.heic"]
    assert source.unread[0][1] == "b.svg is an SVG drawing; save it as JPEG, PNG, WebP or TIFF."


def test_splits_are_a_facet(tmp_path: Path) -> None:
    put(tmp_path, "train/a.png", "val/birds/b.png", "plates/test/c.png")
    facets = {key: entry.facets for key, entry in by_key(tmp_path).items()}
    assert facets["train/a.png"] == {"folder": "train", "split": "train"}
    assert facets["val/birds/b.png"] == {"folder": "val/birds", "split": "validation"}
    assert facets["plates/test/c.png"] == {"folder": "plates/test"}


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "secret/key.png")
    box = put(tmp_path / "box", "a.png", "sub/b.png")
    (box / "out.png").symlink_to(tmp_path / "secret" / "key.png")
    (box / "outside").symlink_to(tmp_path / "secret")
    (box / "again").symlink_to(box)
    (box / "nowhere.png").symlink_to(box / "none")
    (box / "circle.png").symlink_to(box / "circle.png")
    (box / "same.png").symlink_to(box / "a.png")
    source = open_source(box)
    assert [entry.key for entry in source.entries()] == ["a.png", "same.png", "sub/b.png"]
    listed = dict(source.unread)
    assert set(listed) == {"again/", "circle.png", "nowhere.png", "out.png", "outside/"}
    assert "leads out of the folder" in listed["out.png"]
    assert "leads out of the folder" in listed["outside/"]
    assert "leads nowhere" in listed["nowhere.png"]


def test_a_pipe_and_a_device_never_hold_it_up(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "later.png")
    os.mkfifo(tmp_path / "pipe.png")
    source = open_source(tmp_path)
    found = {entry.key: entry for entry in source.entries()}
    assert list(found) == ["a.png", "later.png"]
    assert "is no plain file" in dict(source.unread)["pipe.png"]
    (tmp_path / "later.png").unlink()
    os.mkfifo(tmp_path / "later.png")
    with pytest.raises(PictureError, match="empty"):
        found["later.png"].read()


def test_a_picture_that_vanishes_gets_a_sentence(tmp_path: Path) -> None:
    entry = next(iter(open_source(put(tmp_path, "a.png")).entries()))
    (tmp_path / "a.png").unlink()
    with pytest.raises(SourceError, match=r"a\.png cannot be opened \(No such file"):
        entry.read()


def test_a_picture_is_not_read_beyond_what_is_taken(tmp_path: Path) -> None:
    with (tmp_path / "large.bmp").open("wb") as file:
        file.truncate(40 * MAX_BYTES)
    with pytest.raises(PictureError, match="more than 30 MB"):
        next(iter(open_source(tmp_path).entries())).read()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(plate())
    found = list(open_source(tmp_path).entries())
    assert [entry.key for entry in found] == ["caf\\udce9.png"]
    assert found[0].key.encode() and open_picture(found[0].read())


def test_too_many_files_are_refused_while_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, *(f"{n}.png" for n in range(12)), data=b"x")
    monkeypatch.setattr(tree_module, "MAX_ENTRIES", 10)
    with pytest.raises(SourceError, match="more than 10 files"):
        open_source(tmp_path)


def test_too_many_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"{n}.png" for n in range(12)), data=b"x")
    monkeypatch.setattr(pictures_module, "MAX_ENTRIES", 10)
    with pytest.raises(SourceError, match="more than 10 pictures"):
        open_source(tmp_path)


def test_deep_folders_end(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "/".join(["d"] * 120) + "/b.png")
    source = open_source(tmp_path)
    assert [entry.key for entry in source.entries()] == ["a.png"]
    assert "cannot be entered" in source.unread[0][1]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none", "There is no file or folder"),
        ("nul\0", "cannot be opened|There is no file"),
        ("x" * 5000, "cannot be opened|There is no file"),
        ("letter.txt", "is no folder, ZIP, table"),
        ("empty", "holds no picture that can be read"),
    ],
)
def test_what_is_no_source(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letter.txt").write_text("Dear curator")
    with pytest.raises(SourceError, match=sentence) as raised:
        open_source(tmp_path / name)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500
