"""Figures of a series: its statistical row, its trend, and fewer points for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from train.report.log import Array, Series

TAIL = 0.1  # share of a run that counts as its end
HEAD = 0.02  # share that counts as its start
BINS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the statistical table."""

    name: str
    count: int
    first: float
    last: float
    change: float | None  # (last - first) / |first|
    low: float
    high: float
    mean: float
    std: float
    variation: float | None  # std / |mean|
    median: float
    low_5: float  # 5th percentile
    high_95: float


def row_of(series: Series) -> Row:
    """Return the statistics of all values."""
    value = series.value
    first, last = float(value[0]), float(value[-1])
    mean, std = float(value.mean()), float(value.std())
    low_5, median, high_95 = (float(x) for x in np.percentile(thinned(value), (5, 50, 95)))
    return Row(
        name=series.name,
        count=len(value),
        first=first,
        last=last,
        change=(last - first) / abs(first) if first else None,
        low=float(value.min()),
        high=float(value.max()),
        mean=mean,
        std=std,
        variation=std / abs(mean) if mean else None,
        median=median,
        low_5=low_5,
        high_95=high_95,
    )


def thinned(values: Array, most: int = 200_000) -> Array:
    """Return at most that many values, evenly taken."""
    return values[:: max(1, len(values) // most)]


def head(series: Series, share: float = HEAD) -> float:
    """Return the median of the start."""
    return float(np.median(series.value[: max(1, round(len(series) * share))]))


def tail(series: Series, share: float = TAIL) -> float:
    """Return the median of the end."""
    return float(np.median(series.value[-max(1, round(len(series) * share)) :]))


def binned(series: Series, bins: int = BINS) -> Series:
    """Return the means of up to that many stretches of equal length."""
    count = len(series)
    if count <= bins:
        return series
    edges = np.linspace(0, count, bins + 1).astype(np.int64)[:-1]
    width = np.diff(np.append(edges, count))
    value = np.add.reduceat(series.value, edges) / width
    step = np.add.reduceat(series.step.astype(np.float64), edges) / width
    return Series(series.name, step.astype(np.int64), value)


def smooth(series: Series) -> Series:
    """Return about fifty medians over the run, which single spikes do not move."""
    count = len(series)
    if count < 20:
        return series
    parts = np.array_split(np.arange(count), min(50, count // 4))
    value = np.array([np.median(series.value[part[0] : part[-1] + 1]) for part in parts])
    step = np.array([series.step[part[len(part) // 2]] for part in parts])
    return Series(series.name, step, value)


def slope_at_end(series: Series, share: float = 0.2) -> float | None:
    """Return by what share of its size a series changes over its last fifth, by a line fitted to
    it; None below ten points."""
    last = binned(Series(series.name, *_last(series, share)), 100)
    if len(last) < 10:
        return None
    place = np.linspace(0, 1, len(last))
    slope, start = np.polyfit(place, last.value, 1)
    middle = abs(start + slope / 2)
    return float(slope / middle) if middle else None


def _last(series: Series, share: float) -> tuple[Array, Array]:
    count = max(1, round(len(series) * share))
    return series.step[-count:], series.value[-count:]


def best(series: Series, better: int) -> tuple[int, float]:
    """Return the step and value of the best point: of all for few, of the smoothed for many."""
    shown = series if len(series) < 200 else smooth(series)
    place = int(np.argmax(shown.value * (better or -1)))
    return int(shown.step[place]), float(shown.value[place])


def envelope(series: Series, points: int = 600) -> Series:
    """Return fewer points for a chart, keeping the lowest and highest of each stretch."""
    count = len(series)
    if count <= 2 * points:
        return series
    edges = np.linspace(0, count, points + 1).astype(np.int64)
    kept = []
    for start, end in pairwise(edges):
        part = series.value[start:end]
        kept += sorted((start + int(part.argmin()), start + int(part.argmax())))
    chosen = np.unique(kept)
    return Series(series.name, series.step[chosen], series.value[chosen])
