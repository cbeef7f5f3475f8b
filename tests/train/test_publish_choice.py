"""A better model is not replaced by a worse one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engrave.errors import CheckpointError, ConfigError
from train.publish import last_account, publish, thinned

SHIPPED = {"split": "validation", "cider": 0.40, "cider_error": 0.02, "t2i_r10": 0.6, "kid": 0.2}


def folders(tmp_path: Path, fresh: dict) -> tuple[Path, Path]:
    """Return a run and assets that hold nothing but their evaluations."""
    run, assets = tmp_path / "run", tmp_path / "assets"
    for folder, page in ((run, SHIPPED | fresh), (assets / "training", SHIPPED)):
        folder.mkdir(parents=True)
        (folder / "evaluation.json").write_text(json.dumps(page))
    return run, assets


@pytest.mark.parametrize(
    ("fresh", "named"),
    [
        ({"cider": 0.30}, "cider 0.4000 .this run: 0.3000."),
        ({"kid": 0.3}, "kid 0.2000"),
        ({"cider": 0.30, "t2i_r10": 0.5, "kid": 0.1}, "cider .* t2i_r10 0.6000"),
        ({"split": "test", "cider": 0.9}, "measured on the split test"),
    ],
)
def test_a_worse_model_is_refused_by_its_figures(tmp_path: Path, fresh: dict, named: str) -> None:
    run, assets = folders(tmp_path, fresh)
    with pytest.raises(ConfigError, match=named):
        publish(run, tmp_path, assets)


@pytest.mark.parametrize(
    ("fresh", "force"),
    [
        ({}, False),
        ({"cider": 0.38}, False),  # within two standard errors
        ({"cider": 0.30, "t2i_r10": 0.7, "kid": 0.1}, False),
        ({"cider": 0.10}, True),
    ],
)
def test_an_equal_or_better_or_forced_one_goes_on_to_its_weights(
    tmp_path: Path, fresh: dict, force: bool
) -> None:
    run, assets = folders(tmp_path, fresh)
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        publish(run, tmp_path, assets, force=force)


@pytest.mark.parametrize(("count", "kept"), [(5, 5), (6000, 6000), (6001, 3001), (30000, 6000)])
def test_a_log_is_thinned_only_where_it_is_long(count: int, kept: int) -> None:
    lines = [f'{{"step": {i}}}' for i in range(count)]
    assert len(thinned(lines)) == kept
    assert thinned(['{"validation_x": 1}'] * 20_000) == ['{"validation_x": 1}'] * 20_000


def test_steps_that_a_resumed_stage_did_anew_are_told_once() -> None:
    def line(step: int, account: int, **more: float) -> str:
        return json.dumps({"stage": "captions", "step": step, "account": account} | more)

    first = [line(step, 1) for step in range(1, 31)] + [line(30, 1, validation_loss=3.0)]
    second = [line(step, 2) for step in range(21, 41)] + [line(40, 2, validation_loss=2.0)]
    told = [json.loads(one) for one in last_account(first + second)]
    assert [row["step"] for row in told] == [*range(1, 41), 40]
    assert [row["account"] for row in told] == [1] * 20 + [2] * 21
    assert last_account(second) == second
