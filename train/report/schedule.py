"""Recognises how a learning rate was scheduled, by fitting each known shape to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.report.log import Array, Series
from train.report.statistics import binned

FITS = 0.99  # share of the variance that a shape must explain to be named
ALIKE = 0.0005  # shapes closer than this cannot be told apart: the simpler is named
FLAT = 1.01  # highest / lowest rate below which nothing was scheduled
LEVELS = 12  # a staircase has at most so many levels


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The shape of a learning rate; fits holds the explained share of variance of each shape."""

    shape: str  # `cosine`, `linear`, ..., `constant`, `unrecognised`
    fits: dict[str, float]
    warm_up: int  # steps
    first: float
    peak: float
    last: float
    largest_jump: float  # largest change between two logged rates, as a share of the range
    ratio: float  # highest / lowest

    @property
    def change(self) -> float:
        """Return the change from the peak to the end, as a share of the peak."""
        return (self.last - self.peak) / self.peak if self.peak else 0.0

    @property
    def smooth(self) -> bool:
        return self.largest_jump < 0.05


def recognise(series: Series) -> Schedule:
    """Return the schedule behind logged rates (n,), n at least 1."""
    rate = series.value
    peak = int(np.argmax(rate))
    spread = float(rate.max() - rate.min())
    warm = peak if rate[peak] > 1.05 * rate[0] and peak < 0.5 * len(rate) else 0
    after = Series(series.name, series.step[warm:], rate[warm:])
    jump = float(np.abs(np.diff(after.value)).max() / spread) if len(after) > 1 and spread else 0.0
    ratio = float(rate.max() / rate.min()) if rate.min() > 0 else float("inf")
    shape, fits = _shape(after)
    return Schedule(
        shape=shape,
        fits=fits,
        warm_up=int(series.step[warm] - series.step[0]),
        first=float(rate[0]),
        peak=float(rate.max()),
        last=float(rate[-1]),
        largest_jump=jump,
        ratio=ratio,
    )


def _shape(series: Series) -> tuple[str, dict[str, float]]:
    rate = series.value
    if len(rate) < 8 or rate.max() <= FLAT * max(rate.min(), 0.0):
        return ("constant" if len(rate) else "unrecognised"), {}
    if _is_staircase(rate):
        return "staircase", {"staircase": 1.0}
    thin = binned(series)
    place = (thin.step - thin.step[0]) / max(1, int(thin.step[-1] - thin.step[0]))
    shapes = _shapes(place)
    fits = {name: max(_explained(curve, thin.value) for curve in cs) for name, cs in shapes.items()}
    fits["exponential"] = _exponential(place, thin.value)
    top = max(fits.values())
    if top < FITS:
        return "unrecognised", fits
    return next(name for name in SIMPLEST_FIRST if fits[name] >= top - ALIKE), fits


SIMPLEST_FIRST = ("linear", "cosine", "exponential", "inverse square root", "flat, then falling")


def _shapes(place: Array) -> dict[str, list[Array]]:
    """Return candidate curves over place (n,) from 0 to 1; a cosine may be cut before its end."""
    cuts = (1.0, 1.1, 1.25, 1.5, 2.0)
    offsets = (0.002, 0.01, 0.03, 0.1, 0.3)
    knees = np.linspace(0.2, 0.95, 16)
    return {
        "linear": [1 - place],
        "cosine": [(1 + np.cos(np.pi * place / cut)) / 2 for cut in cuts],
        "inverse square root": [1 / np.sqrt(place + offset) for offset in offsets],
        "flat, then falling": [1 - np.clip((place - k) / (1 - k), 0, 1) for k in knees],
    }


def _explained(curve: Array, wanted: Array) -> float:
    """Return the share of variance a curve explains, stretched and shifted at will, but not
    turned over."""
    design = np.stack([curve, np.ones_like(curve)], 1)
    solution, *_ = np.linalg.lstsq(design, wanted, rcond=None)
    left = wanted - design @ solution
    explained = 1 - float((left**2).sum() / ((wanted - wanted.mean()) ** 2).sum())
    return explained if solution[0] > 0 else 0.0


def _exponential(place: Array, wanted: Array) -> float:
    """Return what the best exponential decay to zero explains."""
    if wanted.min() <= 0:
        return 0.0
    rates = np.geomspace(0.1, 40, 60)
    errors = []
    for rate in rates:
        curve = np.exp(-rate * place)
        scale = float(curve @ wanted / (curve @ curve))
        errors.append(float(((wanted - scale * curve) ** 2).sum()))
    return max(0.0, 1 - min(errors) / float(((wanted - wanted.mean()) ** 2).sum()))


def _is_staircase(rate: Array) -> bool:
    """Tell a few level stretches from a curve."""
    levels = 1 + int((np.abs(np.diff(rate)) > 1e-6 * rate.max()).sum())
    return 1 < levels <= LEVELS and len(rate) >= 4 * levels
