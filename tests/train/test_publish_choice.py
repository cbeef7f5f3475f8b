"""A better model is not replaced by a worse one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engrave.errors import CheckpointError, ConfigError
from train.publish import _thinned, publish

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
    assert len(_thinned(lines)) == kept
    assert _thinned(['{"validation_x": 1}'] * 20_000) == ['{"validation_x": 1}'] * 20_000
