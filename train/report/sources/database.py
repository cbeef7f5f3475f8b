"""Reads a trackio database: SQLite, with a row of JSON for each step of each run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engrave.errors import DataError
from train.report.assemble import Columns

MAGIC = b"SQLite format 3\x00"


def is_database(path: Path) -> bool:
    """Tell a SQLite file by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_database(path: Path) -> tuple[Columns, dict[str, Any]]:
    """Return the last run in a database, with its configuration and the names of the others."""
    columns = Columns()
    try:
        with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) as base:
            runs = [r for (r,) in base.execute("SELECT run_name FROM metrics ORDER BY id")]
            if not runs:
                raise DataError(f"{path.name} holds no run; log one first.")
            facts: dict[str, Any] = {"run": runs[-1]}
            others = [run for run in dict.fromkeys(runs) if run != runs[-1]]
            if others:
                facts["other_runs"] = others
            columns.add_rows(_rows(columns, base, runs[-1]))
            facts |= _config(base, runs[-1])
    except sqlite3.Error as error:
        raise DataError(f"{path.name} is no trackio database: {error}.") from error
    finally:
        base.close()
    return columns, facts


def _rows(columns: Columns, base: sqlite3.Connection, run: str) -> Iterator[dict[str, Any]]:
    order = "SELECT step, metrics FROM metrics WHERE run_name = ? ORDER BY id"
    for step, text in base.execute(order, (run,)):
        try:
            row = json.loads(text)
        except ValueError:
            columns.bad_lines += 1
            continue
        yield {"_step": step, **row}


def _config(base: sqlite3.Connection, run: str) -> dict[str, Any]:
    known = base.execute("SELECT 1 FROM sqlite_master WHERE name = 'configs'").fetchone()
    if not known:
        return {}
    held = base.execute("SELECT config FROM configs WHERE run_name = ?", (run,)).fetchone()
    kept = json.loads(held[0]) if held else {}
    return {"config": {k: v for k, v in kept.items() if not k.startswith("_")}} if kept else {}
