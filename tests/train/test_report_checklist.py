"""Each box is ticked by a figure, unticked by a bad one, and open without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.logs import GOOD, Row, healthy, write
from train.report.checklist import Box, boxes
from train.report.checks import all_verdicts
from train.report.reading import read_log

LOOKED_AT = "Look at pictures and captions"  # by a person, so that no figure can tick it
ALL = GOOD | {"bleu4": 0.05}


def ticked(
    folder: Path, evaluation: dict[str, Any], rows: list[Row] | None = None, seed: int | None = 3
) -> dict[str, Box]:
    (folder / "run.json").write_text(json.dumps({"config": {} if seed is None else {"seed": seed}}))
    log = read_log(write(folder, healthy() if rows is None else rows))
    made = boxes(log, evaluation, all_verdicts(log, evaluation), shown=10)
    return {box.title: box for box in made}


def test_a_healthy_run_that_was_measured_has_every_box_but_the_one_of_a_person(
    tmp_path: Path,
) -> None:
    found = ticked(tmp_path, ALL)
    assert {title for title, box in found.items() if not box.done} == {LOOKED_AT}
    assert found[LOOKED_AT].done is None and "10 pairs" in found[LOOKED_AT].says


def test_without_an_evaluation_its_boxes_are_open_and_none_is_unticked(tmp_path: Path) -> None:
    found = ticked(tmp_path, {}, seed=None)
    done = {title for title, box in found.items() if box.done}
    assert done == {"Export the losses", "See that the loss curves fell and stayed down"}
    assert all(box.done is None for title, box in found.items() if title not in done)


@pytest.mark.parametrize(
    ("title", "figures"),
    [
        ("Beat the trivial baselines", {"cider": 0.1}),
        ("Beat the trivial baselines", {"t2i_r10": 0.02}),
        ("See that it generalises: test against training", {"train_caption_accuracy": 0.95}),
        ("See that both decoders listen to the latent", {"shuffled_layout_mse": 0.041}),
        ("See that nothing was learnt by heart", {"train_nn_similarity": 0.95}),
        ("Count no padding", {"caption_accuracy_with_padding": 0.694}),
    ],
)
def test_a_bad_figure_unticks(title: str, figures: dict[str, Any], tmp_path: Path) -> None:
    box = ticked(tmp_path, ALL | figures)[title]
    assert box.done is False and any(sign.isdigit() for sign in box.says)


@pytest.mark.parametrize(
    ("title", "figure", "rest"),
    [
        ("Compare picture quality (KID or FID)", ("kid",), {}),
        ("Check caption figures (BLEU, CIDEr)", ("bleu4", "cider"), {}),
        ("Check that captions fit their pictures", ("cider",), {}),
        ("Measure how many captions are distinct", ("distinct_share",), {}),
        ("Run on the test set", (), {"split": "validation"}),
    ],
)
def test_a_figure_that_is_missing_leaves_open(
    title: str, figure: tuple[str, ...], rest: dict[str, Any], tmp_path: Path
) -> None:
    held = {name: value for name, value in ALL.items() if name not in figure} | rest
    assert ticked(tmp_path, held)[title].done is None


def test_a_log_without_losses_or_with_one_that_stands_unticks(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if "loss" not in k} for row in healthy()]
    assert ticked(tmp_path, ALL, rows)["Export the losses"].done is False
    still = [row | {"loss_caption": 5.0} if "loss_caption" in row else row for row in healthy()]
    title = "See that the loss curves fell and stayed down"
    assert ticked(tmp_path, ALL, still)[title].done is False


def test_words_in_the_place_of_figures_tick_nothing(tmp_path: Path) -> None:
    found = ticked(tmp_path, ALL | {"kid": "soon", "distinct_share": None})
    assert found["Compare picture quality (KID or FID)"].done is None
    assert found["Measure how many captions are distinct"].done is None
