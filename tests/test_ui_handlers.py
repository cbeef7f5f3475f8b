"""Handlers as plain functions, with an engine that draws instead of a model."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import numpy as np
import pytest

from engrave.errors import PictureError, PromptError
from engrave.image import read_metadata
from engrave.ui import ends, generate, generate_runs, generate_sheet, stops
from engrave.ui.views import Views
from tests.fakes import fake_engine, noise

ENGINE = fake_engine()
VIEWS = Views(ENGINE)
PLAIN = ("", 1.0, False)  # nothing less, no mark in the corner
REQUEST = cast(gr.Request, SimpleNamespace(session_hash="session"))


def event(**data: Any) -> gr.EventData:
    """Return an event as the browser sends it."""
    return gr.EventData(None, data)


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that uploads land in."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def make(text: str = "a ship", num: int = 2, seed: int = 5) -> generate_runs.Shown:
    """Generate to the end."""
    return list(generate_runs.generate(ENGINE, VIEWS, text, num, seed, 2.0, 20, *PLAIN, REQUEST))[
        -1
    ]


def test_plates_come_one_by_one_and_carry_their_settings() -> None:
    steps = list(generate_runs.generate(ENGINE, VIEWS, "a ship", 3, 5, 2.0, 20, *PLAIN, REQUEST))
    assert [step[0]["pending"] for step in steps] == [3, 2, 1, 0]
    view, made = steps[-1]
    assert [card["seed"] for card in view["plates"]] == [5, 6, 7]
    facts = read_metadata(made[0].path)
    assert (facts["prompt"], facts["seed"], facts["steps"]) == ("a ship", "5", "20")


def test_a_plate_is_made_again_from_its_settings() -> None:
    _, made = make(num=3)
    text, num, seed, guidance, steps, *_ = generate_runs.settings_of(made, event(position=2))
    again = list(
        generate_runs.generate(ENGINE, VIEWS, text, num, seed, guidance, steps, *PLAIN, REQUEST)
    )
    assert made[2].path.read_bytes() == again[-1][1][0].path.read_bytes()


def test_an_empty_prompt_works_and_is_named() -> None:
    view, _ = make("", num=1)
    assert "no text" in view["note"]


@pytest.mark.parametrize("value", [float("nan"), None, 0, 9, "4", True, 2.5])
def test_a_wrong_number_gets_a_sentence(value: Any) -> None:
    with pytest.raises(PromptError, match="from 1 to 8"):
        next(generate_runs.generate(ENGINE, VIEWS, "a", value, 0, 2.0, 20, *PLAIN, REQUEST))


@pytest.mark.parametrize("position", [None, -1, 2, "0", True, 1.0])
def test_a_forged_position_is_refused(position: Any) -> None:
    _, made = make()
    with pytest.raises(PromptError, match="no longer here"):
        generate_runs.settings_of(made, event(position=position))


def test_a_plate_goes_to_the_caption_tab_as_an_upload(uploads: Path) -> None:
    _, made = make()
    (path,), tab = generate.to_caption(made, event(position=1))
    assert Path(path).is_relative_to(uploads) and tab.selected == "caption"


def test_stopping_ends_the_work_at_the_next_word_of_progress() -> None:
    steps = generate_runs.generate(ENGINE, VIEWS, "a ship", 8, 0, 2.0, 20, *PLAIN, REQUEST)
    next(steps)
    _, made = next(steps)
    view = generate.halt(made, REQUEST)
    assert len(view["plates"]) == 1 and "Stopping" in view["note"]
    with pytest.raises(stops.Stopped):
        next(steps)
    assert "Stopped after 1" in generate.halted(made, REQUEST)["note"]
    assert "note" not in generate.halted(made, REQUEST), "a run that failed was not stopped"


def test_a_new_run_forgets_an_old_wish_to_stop() -> None:
    stops.wish(generate_runs.TASK, REQUEST)
    assert len(make()[1]) == 2


def test_an_end_is_found_by_words_or_by_id() -> None:
    assert len(ends.find(ENGINE, "a ship")) == ends.FOUND
    item = ENGINE.collection.item(7)
    assert [one.index for one in ends.find(ENGINE, item.id)] == [7]
    with pytest.raises(PromptError, match="no engraving 1-1"):
        ends.find(ENGINE, "1-1")


def test_an_end_of_the_collection_names_its_book() -> None:
    end = ends.from_collection(ENGINE, 3)
    assert "as the model remembers it" in end.kind and end.url.endswith("/10003")


def test_a_plate_goes_to_the_walk_as_its_last_keyframe() -> None:
    _, made = make()
    arrival, tab = generate.plate_as_end(ENGINE, made, event(position=0, letter="B"))
    assert arrival.letter == "B" and tab.selected == "interpolate"
    assert np.array_equal(arrival.end.latent, made[0].latent)


def test_an_upload_from_elsewhere_is_no_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = noise(tmp_path_factory.mktemp("elsewhere") / "a.png")
    with pytest.raises(PictureError, match="not uploaded here"):
        ends.from_upload(ENGINE, str(outside))


def test_a_sheet_grows_and_is_handed_out_in_both_forms(uploads: Path) -> None:
    how = ("a ship\n\nan owl", 2, 7, 2.0, 20, *PLAIN, REQUEST)
    views = list(generate_sheet.make_sheet(ENGINE, *how))
    assert [view["note"][:4] for view in views[:-1]] == ["None", "1 of", "2 of", "3 of", "4 of"]
    assert "a ship; an owl" in views[-1]["words"]
    paths = sorted(uploads.rglob("engrave-sheet.*"), key=lambda path: path.suffix)
    assert [path.suffix for path in paths] == [".pdf", ".png"]
    assert "seed 7; seed 8" in read_metadata(paths[1])["columns"]


def test_a_sheet_is_stopped_between_two_pictures() -> None:
    how = ("a ship", 4, 7, 2.0, 20, *PLAIN, REQUEST)
    steps = generate_sheet.make_sheet(ENGINE, *how)
    next(steps)
    next(steps)
    assert "Stopping" in generate_sheet.halt(REQUEST)["note"]
    with pytest.raises(stops.Stopped):
        next(steps)
    assert "Stopped" in generate_sheet.halted(REQUEST)["note"]
