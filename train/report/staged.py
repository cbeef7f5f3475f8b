"""Splits the columns of a tracker that names a metric `stage/metric`, as ours do, into stages."""

from __future__ import annotations

import numpy as np

from train.report.assemble import Columns
from train.report.names import RUN_STAGES, STEP_NAMES


def by_stage(columns: Columns) -> Columns:
    """Return columns with a stage for each row; those of others come back as they are."""
    names: dict[str, list[str]] = {}
    for raw in columns.pieces:
        stage, slash, _ = raw.partition("/")
        if slash and stage in RUN_STAGES:
            names.setdefault(stage, []).append(raw)
    if not names or columns.stages:
        return columns
    split = Columns()
    split.texts, split.truncated = columns.texts, columns.truncated
    split.bad_lines = columns.bad_lines
    stepper = next((name for name in STEP_NAMES if name in columns.pieces), None)
    counted = columns.column(stepper) if stepper else np.arange(columns.rows, dtype=np.float64)
    for stage, raws in names.items():
        _add_stage(split, columns, stage, raws, counted)
    return split


def _add_stage(
    split: Columns, columns: Columns, stage: str, raws: list[str], counted: np.ndarray
) -> None:
    held = {raw: columns.column(raw) for raw in raws}
    broken = {raw: np.concatenate(columns.broken.get(raw, [np.zeros(0, np.int64)])) for raw in raws}
    present = np.zeros(columns.rows, bool)
    for raw, values in held.items():
        present |= ~np.isnan(values)
        present[broken[raw]] = True
    rows = np.flatnonzero(present)
    own_step = held.pop(f"{stage}/step", counted)[rows]
    split.add("step", np.where(np.isnan(own_step), counted[rows], own_step))
    for raw, values in held.items():
        nan_at = np.flatnonzero(np.isin(rows, broken[raw]))
        split.add(raw.partition("/")[2], values[rows], nan_at)
    split.add_stages([stage], np.zeros(len(rows), np.int64))
    split.rows += len(rows)
