"""Checks of losses and held-out figures: did they fall, do they still, are they learnt by heart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from train.report.checks.record import verdict
from train.report.checks.steps import ENOUGH
from train.report.log import Series, Stage
from train.report.names import VALIDATION, better_of
from train.report.rules import Verdict
from train.report.statistics import best, head, slope_at_end, smooth, tail

GAMES = ("advers", "heads", "discriminator", "generator", "hinge", "critic")  # no loss to lower
PROPORTIONS = ("accuracy", "recall", "_r1", "_r5", "_r10")


def check_losses(stage: Stage, facts: Mapping[str, Any]) -> Iterator[Verdict]:
    """Check every loss, and every figure of the held-out pictures, of one stage."""
    for series in stage.of_kind("loss"):
        if len(series) >= ENOUGH and not any(word in series.name for word in GAMES):
            yield from _one_loss(stage, series)
    for series in stage.validation():
        if len(series) and better_of(series.name):
            yield from _held_out(stage, series, facts)


def joins(stage: Stage) -> list[int]:
    """Return the steps at which a new loss joined after the start."""
    late = stage.first_step + 0.02 * (stage.last_step - stage.first_step) + 1
    starts = {int(series.step[0]) for series in stage.of_kind("loss")}
    return sorted(step for step in starts if step > late)


def judged(stage: Stage, series: Series, enough: int) -> tuple[Series, str]:
    """Return the part of a series under the same losses as its end, or, where that is short, the
    part before they joined."""
    for step in reversed(joins(stage)):
        part = series.after(step)
        if len(part) >= enough:
            return part, f" (since step {step}, when a loss joined)"
        before = int(np.searchsorted(series.step, step))
        series = Series(series.name, series.step[:before], series.value[:before])
    return series, ""


def _one_loss(stage: Stage, series: Series) -> Iterator[Verdict]:
    part, since = judged(stage, series, ENOUGH)
    if len(part) >= ENOUGH:
        rise = _rise(part)
        step, low = best(part, -1)
        says = f"Best {low:.4g} at step {step}, at the end {tail(part):.4g}{since}."
        yield verdict("diverged", stage.name, series.name, rise, says)
        slope = slope_at_end(part)
        says = f"It changes by {slope or 0:+.1%} over its last fifth{since}."
        yield verdict("still_falling", stage.name, series.name, slope, says)
    start = series
    if series.name == "loss_total" and joins(stage):
        until = int(np.searchsorted(series.step, joins(stage)[0]))
        start = Series(series.name, series.step[:until], series.value[:until])
    if len(start) >= ENOUGH:
        first, last = head(start), tail(start)
        fell = (first - last) / abs(first) if first else 0.0
        says = f"From {first:.4g} to {last:.4g}, {-fell:+.0%}."
        yield verdict("not_falling", stage.name, series.name, fell, says)


def _rise(part: Series) -> float:
    """Return how far the end lies above the best, as a share of the best; nothing where it gave
    back less than a twentieth of what it had gained."""
    curve = smooth(part).value
    low, first, last = float(curve.min()), float(curve[0]), tail(part)
    rise = (last - low) / max(abs(low), 1e-12)
    gained = first - low
    given_back = (last - low) / gained if gained > 0 else math.inf
    return rise if given_back > 0.05 else min(rise, given_back)


def _held_out(stage: Stage, series: Series, facts: Mapping[str, Any]) -> Iterator[Verdict]:
    sign = better_of(series.name)
    part, since = judged(stage, series, 3)
    error = _error(stage, part, facts)
    if len(part) >= 3:
        step, top = best(part, sign)
        last = float(part.value[-1])
        worse = max(0.0, (top - last) * sign - (error or 0.0)) / max(abs(top), 1e-12)
        says = f"Best {top:.4g} at step {step}, at the end {last:.4g}{since}"
        says += f"; its standard error is {error:.2g}." if error else "."
        yield verdict("overfit", stage.name, series.name, worse, says)
        gain = (top - float(part.value[0])) * sign
        if error:
            says = f"It gained {gain:.3g} with a standard error of {error:.2g}."
            noise = min(error / gain, 99.0) if gain > 0 else 99.0
            yield verdict("val_noise", stage.name, series.name, noise, says)
    twin = stage.series.get(series.name.removeprefix(VALIDATION))
    if twin is not None and len(twin) and sign < 0:
        seen, unseen = tail(twin), tail(series)
        gap = (unseen - seen) / abs(seen) if seen else 0.0
        says = f"{unseen:.4g} on held-out pictures, {seen:.4g} in training."
        yield verdict("gap", stage.name, series.name, gap, says)


def _error(stage: Stage, series: Series, facts: Mapping[str, Any]) -> float | None:
    """Return the standard error of a held-out figure: of a share by its count, else by how much
    it scatters from one time to the next; None where neither is known."""
    counts = stage.series.get(f"{VALIDATION}candidates")
    count = tail(counts) if counts is not None and len(counts) else facts.get("validation_pictures")
    if any(word in series.name for word in PROPORTIONS) and count and len(series):
        share = min(max(tail(series), 0.0), 1.0)
        return math.sqrt(share * (1 - share) / float(count))
    if len(series) >= 8:
        late = series.value[len(series) // 2 :]
        return float(np.diff(late).std() / math.sqrt(2)) or None
    return None
