"""Each check is fed a sick log and trips; the healthy log trips none."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.logs import GOOD, Row, healthy, write
from train.report.checks import all_verdicts
from train.report.grading import overall
from train.report.reading import read_log
from train.report.rules import RULES, Verdict

BAD = ("warn", "fail")


def judge(
    folder: Path, rows: list[Row], evaluation: dict[str, Any] | None = None, end: str = "\n"
) -> list[Verdict]:
    return all_verdicts(read_log(write(folder, rows, end=end)), GOOD | (evaluation or {}))


def tripped(verdicts: list[Verdict], *grades: str) -> set[str]:
    return {v.rule.key for v in verdicts if v.grade in (grades or BAD)}


def test_a_healthy_log_trips_nothing(tmp_path: Path) -> None:
    verdicts = judge(tmp_path, healthy())
    assert [(v.rule.key, v.says) for v in verdicts if v.grade in BAD] == []
    assert overall(verdicts).grade == 5


def test_every_rule_is_measured_and_has_its_reason(tmp_path: Path) -> None:
    measured = {v.rule.key for v in judge(tmp_path, healthy())}
    assert {rule.key for rule in RULES} == measured
    assert all(rule.reason and rule.source and rule.remedy for rule in RULES)
    assert all(rule.warn is not None or rule.fail is not None for rule in RULES)


def changed(name: str, value: Callable[[Row, float], float]) -> Callable[[list[Row]], list[Row]]:
    """Return what puts another value, by row and by progress from 0 to 1, for one metric."""

    def change(rows: list[Row]) -> list[Row]:
        return [
            row | {name: value(row, place / len(rows))} if name in row else row
            for place, row in enumerate(rows)
        ]

    return change


def broken(value: float) -> Callable[[list[Row]], list[Row]]:
    """Return what spoils every hundredth loss."""
    return changed("loss_image", lambda row, t: row["loss_image"] if row["step"] % 100 else value)


def twice(rows: list[Row]) -> list[Row]:
    return [*rows[:600], *rows[500:]]


def lossless(rows: list[Row]) -> list[Row]:
    return [{k: v for k, v in row.items() if "loss" not in k} for row in rows]


def between_two_shapes(row: Row, t: float) -> float:
    return 1e-3 * (0.01 + 0.5 * (1 - t) + 0.25 * (1 + math.cos(math.pi * t)))


SICK: list[tuple[str, Callable[[list[Row]], list[Row]]]] = [
    ("collapsed", changed("effective_rank", lambda row, t: 60 * math.exp(-5 * t))),
    ("spread_lost", changed("latent_std", lambda row, t: 0.03 * math.exp(-5 * t))),
    ("norm_shrinks", changed("latent_norm", lambda row, t: 1 - 0.3 * t)),
    ("off_centre", changed("latent_mean", lambda row, t: 0.02)),
    ("lopsided", changed("latent_max", lambda row, t: 0.3)),
    ("diverged", changed("loss_caption", lambda row, t: row["loss_caption"] * (1 + 20 * t**8))),
    ("not_falling", changed("loss_caption", lambda row, t: 5.0 + 0.01 * math.sin(999 * t))),
    ("rate_flat", changed("learning_rate", lambda row, t: 1e-3)),
    ("rate_jump", changed("learning_rate",
                          lambda row, t: row["learning_rate"] * (1 if t < 0.6 else 4))),
    ("not_finite", broken(math.nan)),
    ("not_finite", broken(math.inf)),
    ("overfit", changed("validation_loss_caption", lambda row, t: 2 + 3 * (t - 0.4) ** 2)),
    ("gap", changed("validation_loss_caption", lambda row, t: 4.0)),
    ("val_noise", changed("validation_candidates", lambda row, t: 3)),
    ("exploded", changed("gradient_norm", lambda row, t: math.exp(20 * max(0, t - 0.6)))),
    ("vanished", changed("gradient_norm", lambda row, t: math.exp(-20 * t))),
    ("slower", changed("images_per_second", lambda row, t: 30 if t < 0.5 else 10)),
    ("no_loss", lossless),
    ("still_falling", changed("loss_caption", lambda row, t: 6 - 4 * t)),
    ("std_is_norm", changed("latent_std", lambda row, t: row["latent_norm"] / 32)),
    ("one_schedule", changed("learning_rate", between_two_shapes)),
    ("out_of_order", twice),
    ("repeated", twice),
]  # fmt: skip


@pytest.mark.parametrize(("key", "make"), SICK)
def test_a_sick_log_trips(key: str, make: Callable[[list[Row]], list[Row]], tmp_path: Path) -> None:
    assert key in tripped(judge(tmp_path, make(healthy())), *BAD, "note")


def test_a_line_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, healthy())
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:500], "Traceback (most recent call last):", *lines[500:]]))
    verdicts = all_verdicts(read_log(path), GOOD)
    assert tripped(verdicts) == {"bad_lines"}


def test_every_rule_is_tripped_by_one_of_these_tests() -> None:
    by_hand = {"truncated", "bad_lines"}
    assert {*dict(SICK), *dict(EVALUATIONS)} | by_hand == {rule.key for rule in RULES}


def test_steps_out_of_order_and_repeated_are_noted(tmp_path: Path) -> None:
    verdicts = judge(tmp_path, twice(healthy()))
    assert {"out_of_order", "repeated"} <= tripped(verdicts, "note")
    assert tripped(verdicts) == set()
    stage = read_log(tmp_path / "log.jsonl").stages[0]
    assert len(stage.series["loss_image"]) == 1000


def test_a_cut_line_is_found_and_costs_itself_alone(tmp_path: Path) -> None:
    verdicts = judge(tmp_path, healthy(), end='\n{"step": 1000, "loss_to')
    assert tripped(verdicts) == {"truncated"}


def test_alignment_is_named_where_it_shrinks_the_norm(tmp_path: Path) -> None:
    rows = healthy()
    for row in rows:
        if "latent_norm" in row:
            row["latent_norm"] = 0.5 + 0.5 * row["loss_alignment"]
    (found,) = [v for v in judge(tmp_path, rows) if v.rule.key == "norm_shrinks"]
    assert "alignment shrinks the latent" in found.says


EVALUATIONS: list[tuple[str, dict[str, Any]]] = [
    ("measured", {"split": "train"}),
    ("padding", {"caption_accuracy_with_padding": 0.694}),
    ("ignores_picture", {"shuffled_layout_mse": 0.041}),
    ("ignores_words", {"shuffled_caption_accuracy": 0.465}),
    ("few_captions", {"distinct_share": 0.1}),
    ("memorised", {"train_nn_similarity": 0.95}),
    ("trivial_captions", {"cider": 0.2}),
    ("trivial_pictures", {"image_mse_64": 0.03}),
    ("mean_picture", {"image_mse_64": 0.25}),
    ("trivial_search", {"t2i_r10": 0.02}),
    ("eval_noise", {"cider_error": 0.5}),
    ("unsharp", {"sharpness": 0.03}),
    ("generated_far", {"kid": 0.3}),
    ("test_gap", {"train_caption_accuracy": 0.95}),
]


@pytest.mark.parametrize(("key", "figures"), EVALUATIONS)
def test_a_sick_evaluation_trips(key: str, figures: dict[str, Any], tmp_path: Path) -> None:
    assert key in tripped(judge(tmp_path, healthy(), figures))


def test_without_an_evaluation_no_run_is_good(tmp_path: Path) -> None:
    verdicts = all_verdicts(read_log(write(tmp_path, healthy())), {})
    assert {"measured", "padding", "memorised"} <= tripped(verdicts, "open")
    assert overall(verdicts).grade == 3
