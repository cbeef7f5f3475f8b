"""Sends what is logged to a tracker as well, through accelerate, into the folder of the run.

Nothing leaves the machine unless the user has signed in: without a key Weights & Biases is offline.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from engrave.errors import ConfigError

NAMES = ("wandb", "tensorboard", "trackio")
PROJECT = "engrave"
KEYS = ("WANDB_API_KEY", "WANDB_MODE")
QUIET: dict[str, Any] = {"embed": False, "auto_log_gpu": False, "auto_log_cpu": False}


def folder_of(out: Path) -> Path:
    """Return where trackers write."""
    return out / "tracker"


def check(tracker: str | None) -> None:
    """Raise ConfigError where the tracker is unknown or not installed."""
    if tracker is None:
        return
    if tracker not in NAMES:
        raise ConfigError(f"There is no tracker '{tracker}'; choose one of {', '.join(NAMES)}.")
    if importlib.util.find_spec(tracker) is None:
        raise ConfigError(
            f"The tracker {tracker} is not installed; run `pip install -r requirements-train.txt`."
        )


def start(speeder: Accelerator, tracker: str | None, out: Path, facts: Mapping[str, Any]) -> None:
    """Begin a run of the tracker that the accelerator was made with."""
    if tracker is None:
        return
    folder = folder_of(out).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if tracker == "trackio":  # it reads where to write when it is imported
        os.environ["TRACKIO_DIR"] = str(folder)
    signed_in = any(os.environ.get(key) for key in KEYS)
    settings: dict[str, dict[str, Any]] = {
        "wandb": {"dir": str(folder)} | ({} if signed_in else {"mode": "offline"}),
        "trackio": {"name": out.resolve().name} | QUIET,
    }
    plain = {k: v for k, v in facts.items() if isinstance(v, str | int | float)}
    wanted = {name: kwargs for name, kwargs in settings.items() if name == tracker}
    speeder.init_trackers(PROJECT, config=plain, init_kwargs=wanted)


def send(speeder: Accelerator, line: Mapping[str, Any], count: int) -> None:
    """Send a line of the log: its figures under `stage/name`, as the steps of each stage begin at
    1, and a tracker wants steps that only grow."""
    stage = line["stage"]
    figures = {f"{stage}/{name}": value for name, value in line.items() if name != "stage"}
    speeder.log(figures, step=count)


def lines_in(log: Path) -> int:
    """Return how many lines a log holds, for a tracker to go on from."""
    if not log.is_file():
        return 0
    with log.open("rb") as stream:
        return sum(1 for _ in stream)
