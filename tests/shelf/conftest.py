"""A model that reads quickly, folders of drawings, and a shelf in a temporary home."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engrave.shelf.shelf import Shelf
from engrave.studio import Studio
from tests.drawings import SHAPES, SIDES, draw
from tests.woken import woken_model


@pytest.fixture(scope="session")
def reader() -> Studio:
    """A model of preset smoke behind its lock."""
    return Studio(woken_model())


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four different drawings in two subfolders, for reading only."""
    folder = tmp_path_factory.mktemp("prints")
    number = 0
    for dark in (True, False):
        sub = folder / ("dark" if dark else "light")
        sub.mkdir()
        for shape in SHAPES:
            for side in SIDES:
                draw(shape, side, dark, (90 + number, 80)).save(sub / f"{shape}-{side}.png")
                number += 1
    return folder


@pytest.fixture
def prints(drawn: Path, tmp_path: Path) -> Path:
    """The same in a folder of one's own."""
    return Path(shutil.copytree(drawn, tmp_path / "prints"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """An empty shelf, which the environment names too."""
    monkeypatch.setenv("ENGRAVE_HOME", str(tmp_path / "home"))
    return Shelf()


def noise(path: Path, seed: int) -> Path:
    """Write a small picture of grey noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def many_noises(folder: Path, count: int) -> Path:
    """Make a folder with so many pictures, 000.png and on, each from its own seed."""
    folder.mkdir()
    for seed in range(count):
        noise(folder / f"{seed:03d}.png", seed)
    return folder
