"""Sheets of what a model makes, the speed of training, and evaluations side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.__main__ import main
from train.bench import stage_speeds
from train.config import STAGES
from train.look import CELL_PX, GAP_PX, LABEL_PX, PROMPTS, SEEDS, labelled_sheet, look


def test_sheets_and_captions_of_a_model(
    smoke_run: Path, drawn_folder: Path, tmp_path: Path
) -> None:
    paths = look(smoke_run / "model", drawn_folder, "test", tmp_path / "look")
    sheets = {path.stem: Image.open(path) for path in paths if path.suffix == ".webp"}
    assert set(sheets) == {"generated", "generated-from-noise", "reconstructions", "walks"}
    pitch = CELL_PX + GAP_PX
    assert sheets["generated"].width == 2 * (len(SEEDS) * pitch + GAP_PX)
    assert sheets["generated"].height == len(PROMPTS) // 2 * (pitch + LABEL_PX) + GAP_PX
    lines = (tmp_path / "look" / "captions.md").read_text().splitlines()
    assert len(lines) == 2 + 12 and lines[2].startswith("| picture-")


def test_a_sheet_has_each_picture_under_its_label() -> None:
    greys = [Image.new("L", (64, 64), shade) for shade in (40, 80, 120)]
    sheet = labelled_sheet([("one", greys[:2]), ("a long label" * 40, greys[2:])], across=1)
    pixels = np.asarray(sheet)
    middle = LABEL_PX + CELL_PX // 2
    pitch = CELL_PX + LABEL_PX + GAP_PX
    assert pixels[middle, GAP_PX + 5] == 40 and pixels[middle, GAP_PX + CELL_PX + GAP_PX + 5] == 80
    assert pixels[middle + pitch, GAP_PX + 5] == 120
    assert pixels[:LABEL_PX].min() < 128, "the label is written"


def test_every_stage_is_timed(tmp_path: Path) -> None:
    speeds = stage_speeds("smoke", tmp_path, steps=3)
    assert tuple(speeds) == STAGES and min(speeds.values()) > 0


def test_evaluations_are_printed_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, cider in (("wide", 0.3), ("small", 0.4)):
        (tmp_path / name).mkdir()
        page = {"split": "validation", "cider": cider, "cider_error": 0.01}
        (tmp_path / name / "evaluation.json").write_text(json.dumps(page))
    files = [str(tmp_path / name / "evaluation.json") for name in ("wide", "small")]
    assert main(["compare", *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| figure | wide | small |"
    assert lines[2] == "| `cider` | 0.3000 ± 0.0100 | 0.4000 ± 0.0100 |"
    assert main(["compare", str(tmp_path)]) == 1
    assert "is no evaluation" in capsys.readouterr().err
