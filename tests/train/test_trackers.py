"""A smoke run with each tracker; what the tracker kept reads as the JSON lines do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engrave.errors import ConfigError
from train import trackers
from train.fit import fit
from train.report.findings import Findings, find
from train.report.log import Log
from train.report.reading import read_log

ROOT = Path(__file__).resolve().parents[2]
LOGS = {"wandb": "wandb/offline-run-*", "tensorboard": "engrave", "trackio": "engrave.db"}
SIGNED_IN = ("WANDB_API_KEY", "WANDB_MODE", "TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


def train(tracker: str, data: Path, out: Path, *more: str) -> None:
    """Train the meaning and the captions, each in a process as a user would."""
    for stage in ("meaning", "captions"):
        command = [
            sys.executable, "-m", "train", "fit", "--preset", "smoke", "--data", str(data),
            "--out", str(out), "--stage", stage, "--epochs", "1", "--tracker", tracker, *more,
        ]  # fmt: skip
        nobody = {key: value for key, value in os.environ.items() if key not in SIGNED_IN}
        done = subprocess.run(command, cwd=ROOT, env=nobody, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]


def figures(found: Findings) -> dict[tuple[str, str], tuple[float, ...]]:
    return {
        (stage, row.name): (row.count, row.first, row.last, row.mean, row.std)
        for stage, rows in found.rows.items()
        for row in rows
    }


def own(log: Log, stages: tuple[str, ...]) -> dict[tuple[str, str], tuple[float, ...]]:
    return {key: value for key, value in figures(find(log, {})).items() if key[0] in stages}


@pytest.mark.parametrize("tracker", trackers.NAMES)
def test_the_tracker_tells_the_same_as_the_json_lines(
    tracker: str, drawn_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    train(tracker, drawn_folder, out)
    places = sorted(trackers.folder_of(out).glob(LOGS[tracker]))
    assert places, [path.name for path in trackers.folder_of(out).rglob("*")]
    expected = own(read_log(out / "log.jsonl"), ("meaning", "captions"))
    assert {stage for stage, _ in expected} == {"meaning", "captions"}
    kept: dict[tuple[str, str], tuple[float, ...]] = {}
    for place in places:  # an offline run of Weights & Biases holds one process's stage
        kept |= own(read_log(place), ("meaning", "captions"))
    assert set(kept) == set(expected)
    for key, values in expected.items():
        assert kept[key] == pytest.approx(values, rel=1e-5, abs=1e-6), key


def test_an_unknown_tracker_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose one of wandb, tensorboard, trackio"):
        fit(preset="smoke", data=tmp_path, out=tmp_path / "run", tracker="paper")
    assert not (tmp_path / "run").exists()
