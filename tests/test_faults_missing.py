"""What is missing or of another time is told in a sentence, and the rest works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engrave import lettering
from engrave.__main__ import main
from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection, export
from engrave.errors import CheckpointError, ConfigError
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.sources import open_source
from engrave.studio import Studio
from engrave.ui import explore_map, page, room, theme
from engrave.ui.visitors import new_folder
from tests.conftest import mounted
from tests.fakes import fake_engine, noise
from tests.test_ui_visitors import told, visit
from tests.tiny import tiny_collection, tiny_sprites
from tests.woken import woken_model

ROOT = Path(__file__).resolve().parents[1]
YEAR_S = 365 * 86_400


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that lacks fonts and plotly.js."""
    lettering.unpacked.cache_clear()
    for module in (lettering, theme, page):
        monkeypatch.setattr(module, "FONTS", tmp_path / "fonts")
    for module in (explore_map, page):
        monkeypatch.setattr(module, "PLOTLY", tmp_path / "plotly.js")
    return tmp_path


def test_without_fonts_and_plotly_the_page_is_there(bare: Path) -> None:
    blocks = page.build_page(fake_engine(), bare / "no-examples", bare / "no-training")
    assert "EB Garamond" in page.launch_settings()["css"]  # a browser takes the next of the list
    assert len(blocks.fns) > 20


def test_without_a_font_a_contact_sheet_is_refused_and_a_table_is_not(bare: Path) -> None:
    chosen = [fake_engine().collection.neighbour(0)]
    with pytest.raises(ConfigError, match="font eb-garamond-latin-400-normal"):
        export.as_contact_sheet(chosen, [Image.new("L", (64, 64))], "A title", set())
    assert chosen[0].id.encode() in export.as_csv(chosen, set())


def test_without_a_font_a_poster_and_a_sheet_are_refused_and_pictures_are_not(bare: Path) -> None:
    built = page.build_page(fake_engine(), bare / "no-examples", bare / "no-training")
    settings = page.launch_settings()
    _, url, _ = built.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **settings
    )
    try:
        with visit(url.rstrip("/")) as ada:
            ends = [{"source": "text:a ship"}, {"source": "text:an owl"}]
            walk = {"kind": "engrave walk", "format": 1, "frames": 3, "keyframes": ends}
            for name, arguments in (
                ("walk", [walk, None, "a4"]),
                ("sheet", ["a ship", 2, 5, 2, 5, "", 1, False]),
            ):
                answer = told(ada, name, arguments)
                assert "The font eb-garamond" in answer and "install Engrave anew" in answer, name
            assert "event: complete" in told(ada, "generate", ["a ship", 1, 0, 2, 5, "", 1, False])
            walked = told(
                ada, "interpolate", ["text:a", "text:b", None, None, 3, "prior", "slerp", 0]
            )
            assert "event: complete" in walked
            found = re.search(r'gradio_api/file=[^"\\]*plotly[^"\\]*', ada.get("/config").text)
            assert found and ada.get(f"/{found.group()}").status_code in (403, 404)
    finally:
        built.close()


def test_a_clock_that_went_back_breaks_nothing(tmp_path: Path) -> None:
    model, shelf = tmp_path / "model", tmp_path / "collection"
    save_pretrained(woken_model(), model, {"version": "old"})
    tiny_collection(model_version="old").save(shelf, tiny_sprites())
    for path in [model, shelf, *model.iterdir(), *shelf.iterdir()]:
        os.utime(path, (time.time() + YEAR_S,) * 2)
    assert from_pretrained(model).facts["version"] == "old"
    assert len(Collection.load(shelf)) == 30
    save_pretrained(woken_model(), model, {"version": "new"})
    tiny_collection(model_version="new").save(shelf, tiny_sprites())
    assert from_pretrained(model).facts["version"] == "new"
    assert Collection.load(shelf).model_version == "new"
    assert sorted(os.listdir(tmp_path)) == ["collection", "model"]


def test_a_clock_that_went_back_holds_up_no_import_and_no_page(
    tmp_path: Path, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAVE_HOME", str(tmp_path / "home"))
    plates = tmp_path / "plates"
    plates.mkdir()
    noise(plates / "a.png", seed=1)
    shelf, reader = Shelf(), Studio(woken_model())
    Importer(shelf, reader).run(open_source(plates), "prints")
    kept = new_folder() / "a.png"
    kept.write_bytes(b"a")
    for path in (tmp_path / "home").rglob("*"):
        os.utime(path, (time.time() + YEAR_S,) * 2)
    before = time.time() - YEAR_S
    monkeypatch.setattr(time, "time", lambda: before)
    room._tidied.clear()
    assert new_folder().is_dir() and kept.is_file()
    noise(plates / "b.png", seed=2)
    assert Importer(shelf, reader).run(open_source(plates), "prints").pictures == 2
    assert len(shelf.open("prints").items) == 2
    assert shelf.undo("prints").rows == 1


def test_a_checkpoint_of_another_format_is_told(tmp_path: Path) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {})
    path = tmp_path / "model" / "config.json"
    told = json.loads(path.read_text()) | {"format": 99}
    path.write_text(json.dumps(told))
    with pytest.raises(CheckpointError, match="99"):
        from_pretrained(tmp_path / "model")


def test_where_nothing_can_be_kept_the_command_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.effect_noise((64, 64), 60).save(pictures / "a.png")
    monkeypatch.setenv("ENGRAVE_HOME", str(blocked / "home"))
    assert main(["import", str(pictures), "--name", "prints"]) == 1
    told = capsys.readouterr().err
    assert "ENGRAVE_HOME" in told or str(blocked) in told
    assert "Traceback" not in told


NOBODY = """
import pwd, sys
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
from engrave.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and its collection."""
    folder = tmp_path_factory.mktemp("weights")
    save_pretrained(woken_model(), folder / "model", {"version": "tiny-1"})
    tiny_collection(model_version="tiny-1").save(folder / "collection", tiny_sprites())
    return folder


@pytest.fixture(params=["read-only", "nobody"])
def homeless(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of one whose home cannot be written to, or who has none at all."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("HOME", "ENGRAVE_HOME")
    }
    if request.param == "nobody":
        yield kept
        return
    with mounted(tmp_path / "home", "ro,size=1m") as home:
        yield kept | {"HOME": str(home)}


def test_without_a_home_all_works_that_keeps_nothing(
    homeless: dict[str, str], weights: Path, tmp_path: Path
) -> None:
    model = ["--model", str(weights / "model")]
    plates = tmp_path / "plates"
    plates.mkdir()
    plate = noise(plates / "a.png")
    settings = homeless | {"ENGRAVE_COLLECTION": str(weights / "collection")}
    out = ["--out", str(tmp_path / "made"), "--steps", "2", "-n", "1"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", NOBODY, *arguments]
        return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True)

    for works in (
        ["collections"], ["caption", str(plate), *model], ["search", "a ship", *model],
        ["generate", "a ship", *model, *out],
    ):  # fmt: skip
        done = run(*works)
        assert done.returncode == 0 and done.stdout + done.stderr, (works, done.stderr)
    for refused in (["import", str(plates), "--name", "prints", *model], ["import", "~nobody/x"]):
        done = run(*refused)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert "ENGRAVE_HOME" in done.stderr or "no file or folder '~nobody/x'" in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2, done.stderr
