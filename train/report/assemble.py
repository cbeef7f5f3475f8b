"""Gathers the columns of a log piece by piece and makes stages of them.

Memory stays near one float64 a cell: a column is joined and its pieces let go, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from engrave.errors import DataError
from train.report.log import Array, Log, Series, Stage
from train.report.names import (
    BY_NAME,
    EDGES,
    STAGE_NAMES,
    STEP_NAMES,
    base_name,
    canonical,
    kind_of,
)

ROWS_AT_ONCE = 50_000
MAX_COLUMNS = 1_000
_WORDS = {"nan": np.nan, "inf": np.inf, "infinity": np.inf, "-inf": -np.inf, "-infinity": -np.inf}
WHOLE = "run"  # name of the stage of a log that has none


class Columns:
    """Columns under construction; absent cells are NaN, and NaN that was logged is kept apart."""

    def __init__(self) -> None:
        self.rows = 0
        self.pieces: dict[str, list[tuple[int, Array]]] = {}
        self.broken: dict[str, list[Array]] = {}
        self.texts: set[str] = set()
        self.stages: list[str] = []
        self.stage_pieces: list[tuple[int, Array]] = []
        self.bad_lines = 0
        self.truncated = False

    def add(self, name: str, values: Array, nan_at: Array | None = None) -> None:
        """Enter a piece of a column that starts at the present row."""
        check_width(len(self.pieces) + (name not in self.pieces))
        self.pieces.setdefault(name, []).append((self.rows, values))
        if nan_at is not None and len(nan_at):
            self.broken.setdefault(name, []).append(nan_at + self.rows)

    def add_stages(self, names: list[str], codes: Array) -> None:
        """Enter the stage of each row; codes (n,) point into names, -1 where a row has none."""
        for name in names:
            if name not in self.stages:
                self.stages.append(name)
        place = np.array([*(self.stages.index(name) for name in names), -1], np.int16)
        self.stage_pieces.append((self.rows, place[codes]))

    def add_rows(self, rows: Iterable[dict[str, Any]]) -> None:
        """Enter rows one by one; slower than whole pieces, and bears everything."""
        held: list[dict[str, Any]] = []
        for row in rows:
            held.append(row)
            if len(held) >= ROWS_AT_ONCE:
                self._add_some(held)
                held = []
        self._add_some(held)

    def _add_some(self, rows: list[dict[str, Any]]) -> None:
        names = dict.fromkeys(key for row in rows for key in row)
        check_width(len(names))
        for name in names:
            cells = [row.get(name) for row in rows]
            if name in STAGE_NAMES:
                words = list(dict.fromkeys(str(cell) for cell in cells if cell is not None))
                codes = [-1 if cell is None else words.index(str(cell)) for cell in cells]
                self.add_stages(words, np.array(codes, np.int64))
                continue
            numbers = [number(cell) for cell in cells]
            if all(value is None for value in numbers):
                self.texts |= {name} if any(cell is not None for cell in cells) else set()
                continue
            values = np.array([np.nan if v is None else v for v in numbers], np.float64)
            present = np.array([v is not None for v in numbers])
            self.add(name, values, np.flatnonzero(np.isnan(values) & present))
        self.rows += len(rows)

    def column(self, name: str) -> Array:
        """Return a whole column (rows,), and forget its pieces."""
        pieces = self.pieces.pop(name)
        if len(pieces) == 1 and len(pieces[0][1]) == self.rows:
            return pieces[0][1]
        whole = np.full(self.rows, np.nan)
        for start, values in pieces:
            whole[start : start + len(values)] = values
        return whole

    def stage_codes(self) -> Array | None:
        """Return the stage of each row (rows,); a row without one belongs to that before it."""
        if not self.stage_pieces:
            return None
        codes = np.full(self.rows, -1, np.int16)
        for start, values in self.stage_pieces:
            codes[start : start + len(values)] = values
        known = np.maximum.accumulate(np.where(codes >= 0, np.arange(len(codes)), 0))
        return np.maximum(codes[known], 0)


def check_width(count: int) -> None:
    """Raise DataError for more columns than are judged, each of which takes its time."""
    if count > MAX_COLUMNS:
        raise DataError(
            f"This log has more than {MAX_COLUMNS:,} columns; give one that keeps fewer."
        )


def number(cell: Any) -> float | None:
    """Return the number in a cell, or None; words such as `NaN` are numbers too."""
    if isinstance(cell, bool | int | float):
        return float(cell)
    return _WORDS.get(cell.strip().lower()) if isinstance(cell, str) else None


def build(columns: Columns, *, name: str, source: str, facts: dict[str, Any]) -> Log:
    """Return the log; raises DataError where no row holds a number."""
    names = {raw: canonical(raw) for raw in columns.pieces if not EDGES.search(raw)}
    stepper = next((raw for raw in STEP_NAMES if raw in columns.pieces), None)
    stepper = stepper or next((r for r in names if canonical(r).lower() in STEP_NAMES), None)
    step = _steps(columns, stepper)
    notes = () if stepper else ("The log has no step column; its rows were counted instead.",)
    codes = columns.stage_codes()
    masks = _masks(columns, codes)
    parts: dict[str, dict[str, Series]] = {label: {} for label in masks}
    repeats = dict.fromkeys(masks, 0)
    claimed: set[str] = set()
    renamed: dict[str, str] = {}
    for raw in [raw for raw in names if raw != stepper]:
        own = names[raw] if names[raw] not in claimed else raw
        claimed.add(own)
        renamed[raw] = own
        values = columns.column(raw)
        nan_at = np.concatenate(columns.broken.get(raw, [np.zeros(0, np.int64)]))
        for label, rows in masks.items():
            series, again = _series(own, step, values, nan_at, rows)
            if kind_of(own) != "clock":  # a clock stands in lines of validation too
                repeats[label] = max(repeats[label], again)
            if len(series) or series.broken:
                parts[label][own] = series
    stages = [_stage(label, parts[label], step[masks[label]], repeats[label]) for label in masks]
    stages = [stage for stage in stages if stage.series]
    if not stages:
        raise DataError(f"{name} holds no numbers; give a log with a column of figures.")
    return Log(
        name=name,
        source=source,
        stages=stages,
        rows=columns.rows,
        bad_lines=columns.bad_lines,
        truncated=columns.truncated,
        left_out=tuple(sorted(columns.texts)),
        unknown=tuple(sorted(own for own in claimed if base_name(own) not in BY_NAME)),
        renamed={raw: own for raw, own in renamed.items() if raw != own},
        facts=facts,
        notes=notes,
    )


def _steps(columns: Columns, stepper: str | None) -> Array:
    """Return the step of each row; a row without one has that of the row before."""
    if stepper is None:
        return np.arange(columns.rows, dtype=np.int64)
    given = columns.column(stepper)
    known = np.isfinite(given)
    if not known.all():
        last = np.maximum.accumulate(np.where(known, np.arange(len(given)), 0))
        given = np.nan_to_num(given[last], nan=0.0, posinf=0.0, neginf=0.0)
    return given.astype(np.int64)


def _masks(columns: Columns, codes: Array | None) -> dict[str, Any]:
    """Return the rows of each stage, as a slice where that is all of them."""
    if codes is None or len(columns.stages) == 1:
        return {columns.stages[0] if columns.stages else WHOLE: slice(None)}
    return {label: np.flatnonzero(codes == i) for i, label in enumerate(columns.stages)}


def _series(name: str, step: Array, values: Array, nan_at: Array, rows: Any) -> tuple[Series, int]:
    """Return the series of one stage, and how many of its steps were logged again."""
    mine, steps = values[rows], step[rows]
    finite = np.isfinite(mine)
    if isinstance(rows, slice):
        nan_rows = nan_at
    else:
        nan_rows = np.flatnonzero(np.isin(rows, nan_at)) if len(nan_at) else nan_at
    bad = np.union1d(nan_rows, np.flatnonzero(np.isinf(mine)))
    first = int(steps[bad].min()) if len(bad) else None
    if not finite.all():
        mine, steps = mine[finite], steps[finite]
    before = len(steps)
    if before > 1 and not (np.diff(steps) > 0).all():
        mine, steps = _last_of_each(mine, steps)
    return Series(name, steps, mine, len(bad), first), before - len(steps)


def _last_of_each(values: Array, steps: Array) -> tuple[Array, Array]:
    """Sort by step; of a step that was logged again, the last value counts."""
    order = np.argsort(steps, kind="stable")
    values, steps = values[order], steps[order]
    last = np.append(np.diff(steps) > 0, True)
    return values[last], steps[last]


def _stage(label: str, series: dict[str, Series], step: Array, repeated: int) -> Stage:
    return Stage(
        name=label,
        series=series,
        rows=len(step),
        backward=int((np.diff(step) < 0).sum()),
        repeated=repeated,
        seconds=_seconds(series),
    )


def _seconds(series: dict[str, Series]) -> float | None:
    """Return how long a stage took, by its clock or by the time of day."""
    for name in ("seconds", "timestamp"):
        if name in series and len(series[name]):
            value = series[name].value
            start = 0.0 if name == "seconds" and value.min() < 0.1 * value.max() else value.min()
            return float(value.max() - start)
    return None
