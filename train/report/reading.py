"""Finds out what wrote a log and reads it, with the facts of the run that lie beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engrave.errors import DataError
from train.report.assemble import Columns, build
from train.report.log import Log
from train.report.sources.database import is_database, read_database
from train.report.sources.events import PATTERN, read_events
from train.report.sources.lines import read_csv, read_json_lines
from train.report.sources.offline import find_record_log, read_offline_run
from train.report.staged import by_stage


def read_log(path: Path) -> Log:
    """Read a log of any kind we know; raises DataError with what to give instead."""
    if not path.exists():
        raise DataError(f"There is no log {path.name}; give a file or folder that a run wrote.")
    place = _inside(path)
    source, columns, facts = _read(place)
    if not columns.rows:
        raise DataError(f"{path.name} holds no line that can be read; give a log with figures.")
    name = path.name if path.name not in ("log.jsonl", "") else path.resolve().parent.name
    columns = by_stage(columns)
    return build(columns, name=name, source=source, facts=_beside(place) | facts)


def _inside(path: Path) -> Path:
    """Return the log in the folder of a run of ours, or the path itself."""
    own = path / "log.jsonl"
    return own if own.is_file() else path


def _read(path: Path) -> tuple[str, Columns, dict[str, Any]]:
    if find_record_log(path):
        return "Weights & Biases, offline run", *read_offline_run(path)
    if path.is_dir():
        bases = sorted(path.glob("*.db"))
        if bases and not any(path.rglob(PATTERN)):
            return "trackio", *read_database(bases[0])
        return "TensorBoard", read_events(path), {}
    if is_database(path):
        return "trackio", *read_database(path)
    if "tfevents" in path.name:
        return "TensorBoard", read_events(path), {}
    with path.open("rb") as file:
        head = file.read(4096).lstrip()
    if head[:1] == b"{":
        return "JSON lines", read_json_lines(path), {}
    if b"," in head.split(b"\n")[0]:
        return "CSV, history of a run", read_csv(path), {}
    raise DataError(
        f"{path.name} is no log we can read; give JSON lines, a CSV of a run's history, an offline "
        "run of Weights & Biases, a TensorBoard folder or a trackio database."
    )


def _beside(log: Path) -> dict[str, Any]:
    """Return the facts in run.json beside a log of ours."""
    path = log.parent / "run.json"
    return read_json(path) if log.is_file() and path.is_file() else {}


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of one JSON object; raises DataError for anything else."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} cannot be read as JSON; make it anew.") from error
    if not isinstance(held, dict):
        raise DataError(f"{path.name} holds no JSON object; give a file of names and figures.")
    return held
