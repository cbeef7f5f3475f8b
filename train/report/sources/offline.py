"""Reads a Weights & Biases run that was kept on disk: its record log and the files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engrave.errors import DataError
from train.report.assemble import Columns
from train.report.sources.wire import Value, fields, log_records

HISTORY, CONFIG, RUN = 2, 5, 17  # of Record
ITEM, STEP = 1, 2  # of History
KEY, NESTED_KEY, JSON = 1, 2, 16  # of Item
UPDATE = 1  # of Config
RUN_CONFIG, RUN_NAME = 4, 7  # of Run
SHOWN = ("gpu", "gpu_count", "cpu_count", "python", "startedAt", "os")  # of the metadata


def find_record_log(path: Path) -> Path | None:
    """Return the record log in a run's folder, or None."""
    if path.suffix == ".wandb":
        return path
    return next(iter(sorted(path.glob("*.wandb"))), None) if path.is_dir() else None


def read_offline_run(path: Path) -> tuple[Columns, dict[str, Any]]:
    """Return the history of a run and its facts: configuration, hardware, commit."""
    file = find_record_log(path)
    if file is None:
        raise DataError(f"{path.name} holds no file *.wandb; give the folder `offline-run-...`.")
    columns = Columns()
    facts: dict[str, Any] = {}
    columns.add_rows(_history(columns, file, facts))
    metadata = file.parent / "files" / "wandb-metadata.json"
    if metadata.is_file():
        held = json.loads(metadata.read_text(encoding="utf-8"))
        facts |= {name: held[name] for name in SHOWN if name in held}
        facts["commit"] = (held.get("git") or {}).get("commit", "")
    return columns, facts


def _history(columns: Columns, file: Path, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for record in log_records(file):
        if record is None:
            columns.truncated = True
            return
        try:
            for number, value in fields(record):
                if not isinstance(value, bytes):
                    continue
                if number == HISTORY:
                    yield _row(value)
                elif number == CONFIG:
                    facts.setdefault("config", {}).update(_config(value))
                elif number == RUN:
                    _see_run(value, facts)
        except ValueError:
            columns.bad_lines += 1


def _row(history: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for number, value in fields(history):
        if number == ITEM and isinstance(value, bytes):
            name, cell = _item(value)
            row[name] = cell
        elif number == STEP and isinstance(value, bytes):
            row.setdefault("_step", dict(fields(value)).get(1, 0))
    return row


def _item(data: bytes) -> tuple[str, Any]:
    """Return the name and the value of one item, which stands there as JSON."""
    name, nested, text = "", [], "null"
    for number, value in fields(data):
        if number == KEY:
            name = _text(value)
        elif number == NESTED_KEY:
            nested.append(_text(value))
        elif number == JSON:
            text = _text(value)
    return name or ".".join(nested), json.loads(text)


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _config(data: bytes) -> dict[str, Any]:
    items = [_item(v) for n, v in fields(data) if n == UPDATE and isinstance(v, bytes)]
    return {name: value for name, value in items if name and not name.startswith("_")}


def _see_run(data: bytes, facts: dict[str, Any]) -> None:
    for number, value in fields(data):
        if number == RUN_NAME:
            facts["run"] = _text(value)
        elif number == RUN_CONFIG and isinstance(value, bytes):
            facts.setdefault("config", {}).update(_config(value))
