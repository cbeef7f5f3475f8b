"""The worked examples are made, read again, and left out where they are of another model."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engrave.answers import Candidate, CaptionAnswer
from engrave.ui.examples import Examples, read_examples
from engrave.ui.exhibit import NUM_PLATES, NUM_PROMPTS, Sample, build_examples
from engrave.ui.views import Views
from tests.fakes import fake_engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples made by the drawing engine."""
    folder = tmp_path_factory.mktemp("made") / "examples"
    build_examples(fake_engine(), folder)
    return folder


def test_what_was_made_is_shown(folder: Path) -> None:
    shown = read_examples(Views(fake_engine()), folder)
    assert len(shown.prompts) == NUM_PROMPTS and len(shown.made) == NUM_PLATES
    assert shown.answer is not None and len(shown.answer["candidates"]) == 3
    assert all(end is not None for end in shown.ends)
    assert shown.walk is not None and shown.walk["count"] == 16
    assert shown.opened is not None
    assert all(path.is_file() for path, _ in shown.samples)
    assert len({fake_engine().collection.item(shown.opened).subject}) == 1


def test_making_them_again_replaces_them(folder: Path) -> None:
    before = (folder / "examples.json").read_bytes()
    (folder / "old.txt").write_text("left over")
    build_examples(fake_engine(), folder)
    assert (folder / "examples.json").read_bytes() == before
    assert not (folder / "old.txt").exists()


def test_examples_of_another_model_are_left_out(folder: Path, tmp_path: Path) -> None:
    page = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    (tmp_path / "examples.json").write_text(json.dumps(page | {"model_version": "other"}))
    assert read_examples(Views(fake_engine()), tmp_path) == Examples()


def test_a_missing_folder_leaves_the_prompts(tmp_path: Path) -> None:
    assert read_examples(Views(fake_engine()), tmp_path / "none").prompts


@pytest.mark.parametrize(
    ("grey", "words", "pleases"),
    [
        (150, "an owl sits on a branch by a wall", True),
        (20, "an owl sits on a branch by a wall", False),
        (250, "an owl sits on a branch by a wall", False),
        (150, "a church with thick black walls, thick black walls", False),
    ],
)
def test_a_first_visitor_sees_something(grey: int, words: str, pleases: bool) -> None:
    answer = CaptionAnswer((Candidate(words, 0.5, 0.5),), (), np.zeros(4))
    assert Sample(0, Image.new("L", (32, 32), grey), answer).pleases is pleases


def test_examples_of_the_first_visit_are_not_drawn_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the page could not be shown before the model is read."""
    engine = fake_engine()
    for name in ("original", "decode"):
        monkeypatch.setattr(engine, name, None)
    shown = read_examples(Views(engine), folder)
    assert shown.opened_src and all(end is not None and end.src for end in shown.ends)
