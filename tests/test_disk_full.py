"""Where a disk is full a sentence says so, what was there before stays, and all else goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engrave import cli
from engrave.engine import Engine
from engrave.errors import FULL, CollectionError, is_full
from engrave.review.project import read_project
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.sources import open_source
from engrave.studio import Studio
from engrave.ui.page import build_page, launch_settings
from tests.conftest import mounted
from tests.fakes import fake_engine, noise
from tests.test_ui_visitors import data_of, told, visit
from tests.woken import woken_model

OLD = b"kept from before"


def fill(folder: Path) -> Path:
    """Write until there is no room at all; return the file that takes it."""
    path = folder / "filler"
    number = os.open(path, os.O_CREAT | os.O_WRONLY)
    with contextlib.suppress(OSError):
        while os.write(number, bytes(4096)):
            pass
    os.close(number)
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB for all that the page writes."""
    with mounted(tmp_path / "disk", "size=2m") as folder:
        yield folder


@pytest.fixture
def page(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that has no other disk."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(disk / "gradio"))
    monkeypatch.setenv("ENGRAVE_HOME", str(disk / "home"))
    built = build_page(fake_engine(), disk / "no-examples")
    _, url, _ = built.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_settings()
    )
    yield url.rstrip("/")
    built.close()


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_the_page_says_so_and_goes_on(page: str, disk: Path, tmp_path: Path) -> None:
    picture = noise(tmp_path / "a.png").read_bytes()
    asked = {
        "generate": ["a ship", 1, 0, 2, 5, "", 1, False],
        "sheet": ["a ship", 2, 5, 2, 5, "", 1, False],
        "interpolate": ["text:a", "text:b", None, None, 3, "prior", "slerp", 0],
    }
    with visit(page) as ada:
        (taken,) = ada.post("/gradio_api/upload", files={"files": ("a.png", picture)}).json()
        filler, before = fill(disk), files(disk / "gradio")
        for name, arguments in asked.items():
            assert FULL in told(ada, name, arguments), name
        for more in (picture, os.urandom(1_000_000)):
            answer = ada.post("/gradio_api/upload", files={"files": ("b.png", more)})
            assert (answer.status_code, answer.text) == (507, FULL)
        assert not [name for name, data in files(disk / "gradio").items()
                    if data and name not in before]  # fmt: skip
        assert ada.get(f"/gradio_api/file={taken}").content == picture
        assert "captions" in told(ada, "caption", [data_of(taken), 3, 6])
        assert "similarity" in told(ada, "search", ["a ship", 3, ""])
        filler.unlink()
        assert "event: complete" in told(ada, "generate", asked["generate"])
        assert ada.post("/gradio_api/upload", files={"files": ("b.png", picture)}).is_success


def test_an_import_says_so_and_keeps_the_collection(disk: Path, tmp_path: Path) -> None:
    reader, shelf = Studio(woken_model()), Shelf(disk / "home")
    for name, count in (("first", 2), ("second", 40)):
        (tmp_path / name).mkdir()
        for number in range(count):
            noise(tmp_path / name / f"{number}.png", seed=number + 100 * count)
    Importer(shelf, reader).run(open_source(tmp_path / "first"), "prints")
    before = [one.id for one in shelf.open("prints").items]
    filler = fill(disk)
    with pytest.raises((CollectionError, OSError)) as found:
        Importer(shelf, reader).run(open_source(tmp_path / "second"), "prints")
    assert is_full(found.value)
    assert [one.id for one in shelf.open("prints").items][: len(before)] == before
    filler.unlink()
    report = Importer(Shelf(shutil.copytree(disk / "home", tmp_path / "home")), reader).run(
        open_source(tmp_path / "second"), "prints"
    )
    assert report.pictures == 42


def test_a_project_and_an_export_stay_as_they_were(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(Engine, "load", lambda *_: fake_engine())
    monkeypatch.setattr(type(fake_engine()), "wake", lambda _: None, raising=False)
    project, export = small_disk / "work.jsonl", small_disk / "captions.csv"
    plates = [str(noise(tmp_path / f"{number}.png", seed=number)) for number in range(3)]
    assert cli.main(["caption", plates[0], "--project", str(project)]) == 0
    export.write_bytes(OLD)
    before = project.read_bytes()
    fill(small_disk)
    capsys.readouterr()
    for command in (
        ["caption", *plates, "--project", str(project)],
        ["review", str(project), "0.png", "--caption", "an owl"],
        ["review", str(project), "--all", "--export", "csv", "--out", str(export)],
        ["embed", str(tmp_path), "--out", str(small_disk / "vectors.parquet")],
    ):
        assert cli.main(command) == 1, command
        complaint = capsys.readouterr().err
        assert "No space left on device" in complaint and "Traceback" not in complaint
        assert len(complaint.strip().splitlines()) == 1, complaint
    assert project.read_bytes() == before and export.read_bytes() == OLD
    assert len(read_project(project.read_bytes())) == 1
    assert set(os.listdir(small_disk)) == {"work.jsonl", "captions.csv", "filler"}


def test_a_full_disk_is_known_however_it_is_told() -> None:
    wrapped = CollectionError("could not be written (IO: No space left on device (os error 28))")
    assert is_full(OSError(28, "No space left on device")) and is_full(wrapped)
    behind = ValueError("a picture")
    behind.__cause__ = OSError(28, "No space left on device")
    assert is_full(behind)
    assert not is_full(OSError(13, "Permission denied")) and not is_full(None)
