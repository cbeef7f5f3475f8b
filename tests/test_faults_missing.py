"""What is missing or of another time is told in a sentence, and the rest works."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from engrave import lettering
from engrave.__main__ import main
from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection, export
from engrave.errors import CheckpointError, ConfigError
from engrave.ui import explore_map, page, theme
from tests.fakes import fake_engine
from tests.tiny import tiny_collection, tiny_sprites
from tests.woken import woken_model

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
