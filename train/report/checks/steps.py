"""Checks of what drives a run: the learning rate, the gradient, the throughput."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from train.report.checks.record import verdict
from train.report.log import Stage
from train.report.rules import Verdict
from train.report.schedule import Schedule, recognise
from train.report.statistics import head, smooth, tail

ENOUGH = 40  # values below which a curve is not judged


def check_rate(stage: Stage) -> Iterator[Verdict]:
    """Check each learning rate: does it fall, does it jump, what shape has it."""
    for series in stage.of_kind("rate"):
        if len(series) < ENOUGH:
            continue
        plan = recognise(series)
        says = f"From {plan.peak:.3g} to {plan.last:.3g}, highest / lowest {plan.ratio:.4g}."
        yield verdict("rate_flat", stage.name, series.name, plan.ratio, says)
        if plan.shape == "constant":
            continue
        stairs = plan.shape == "staircase"
        says = f"The largest step between two logged rates is {plan.largest_jump:.2%} of the range"
        says += ", as in a staircase it must be." if stairs else "."
        figure = 0.0 if stairs else plan.largest_jump
        yield verdict("rate_jump", stage.name, series.name, figure, says)
        if len(plan.fits) > 1:
            yield verdict("one_schedule", stage.name, series.name, _lead(plan), shape_says(plan))


def _lead(plan: Schedule) -> float:
    first, second = sorted(plan.fits.values(), reverse=True)[:2]
    return first - second


def shape_says(plan: Schedule) -> str:
    """Return how well each shape fits, best first."""
    order = sorted(plan.fits, key=lambda name: -plan.fits[name])
    fits = ", ".join(f"{name} {plan.fits[name]:.2%}" for name in order)
    if plan.shape == "unrecognised":
        return f"No known shape fits (explained variance: {fits})."
    others = [name for name in order if plan.fits[name] < 0.99]
    says = f"The shape is {plan.shape} (explained variance: {fits})."
    return says + (f" It is not {' nor '.join(others)}." if others else "")


def check_gradient(stage: Stage) -> Iterator[Verdict]:
    """Check that the gradient neither explodes nor vanishes."""
    for series in stage.of_kind("gradient"):
        if len(series) < ENOUGH:
            continue
        middle = float(np.median(series.value)) or 1e-30
        late = smooth(series).value[-10:].max()
        says = f"It ends at {tail(series):.3g}; its median is {middle:.3g}."
        yield verdict("exploded", stage.name, series.name, float(late) / middle, says)
        start = head(series) or 1e-30
        says = f"It began at {start:.3g} and ends at {tail(series):.3g}."
        yield verdict("vanished", stage.name, series.name, tail(series) / start, says)


def check_speed(stage: Stage) -> Iterator[Verdict]:
    """Check that a run does not slow down."""
    for series in stage.of_kind("speed"):
        if len(series) < ENOUGH:
            continue
        half = len(series) // 2
        early, late = (float(np.median(p)) for p in (series.value[:half], series.value[half:]))
        says = f"{early:.3g} a second in the first half, {late:.3g} in the second."
        yield verdict("slower", stage.name, series.name, late / early if early else None, says)
