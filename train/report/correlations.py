"""How metrics move together, and what that does and does not mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.report.log import Array, Series, Stage
from train.report.names import kind_of
from train.report.statistics import binned

MOST_ROWS = 20_000
SIZES = ((0.99, "all but the same"), (0.7, "strong"), (0.4, "moderate"), (0.2, "weak"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two metrics: r of their values, and r of their changes, in which the common trend is gone."""

    left: str
    right: str
    r: float
    r_changes: float
    count: int
    says: str


def aligned(left: Series, right: Series) -> tuple[Array, Array]:
    """Return the values of both at the steps they share, thinned to 20,000."""
    if len(left) == len(right) and np.array_equal(left.step, right.step):
        a, b = left.value, right.value
    else:
        _, i, j = np.intersect1d(left.step, right.step, assume_unique=True, return_indices=True)
        a, b = left.value[i], right.value[j]
    every = max(1, len(a) // MOST_ROWS)
    return a[::every], b[::every]


def pairs(stage: Stage, most: int = 24) -> list[Pair]:
    """Return the pairs of training metrics, most strongly related first."""
    shown = [series for series in stage.training() if len(series) >= 20]
    shown = sorted(shown, key=lambda s: kind_of(s.name) == "other")[:16]
    found = []
    for place, left in enumerate(shown):
        for right in shown[place + 1 :]:
            a, b = aligned(left, right)
            if len(a) >= 20 and a.std() > 0 and b.std() > 0:
                found.append(_pair(left.name, right.name, a, b))
    return sorted(found, key=lambda pair: -abs(pair.r))[:most]


def _pair(left: str, right: str, a: Array, b: Array) -> Pair:
    r = float(np.corrcoef(a, b)[0, 1])
    steps = np.arange(len(a))
    da, db = (np.diff(binned(Series("", steps, x), 200).value) for x in (a, b))
    moving = float(np.corrcoef(da, db)[0, 1]) if da.std() > 0 and db.std() > 0 else 0.0
    return Pair(
        left=left,
        right=right,
        r=r,
        r_changes=moving,
        count=len(a),
        says=interpret(left, right, r, moving),
    )


def size_of(r: float) -> str:
    """Return the size of a correlation in words."""
    return next((word for limit, word in SIZES if abs(r) >= limit), "none to speak of")


KNOWN = (  # a pair of names, the sign, and what it means
    ("latent_norm", "latent_std", 1,
     "std is norm / sqrt(width): one figure under two names, so this proves nothing"),
    ("latent_norm", "loss_alignment", 1,
     "alignment falls as vectors grow shorter: part of its fall may be shrinkage alone"),
    ("latent_norm", "loss_alignment", -1,
     "alignment falls while vectors keep their length: it is earned"),
    ("loss_caption", "loss_image", 1, "both tasks gain together"),
    ("loss_caption", "loss_image", -1,
     "one task gains as the other loses: they compete for the latent"),
    ("gradient_norm", "loss_total", 1, "the gradient calms down as the loss falls, as it should"),
    ("gradient_norm", "loss_total", -1,
     "the gradient grows while the loss falls: watch for an explosion"),
    ("latent_max", "latent_min", -1, "the range widens and narrows evenly on both sides"),
    ("latent_max", "latent_min", 1, "the range drifts to one side as a whole"),
    ("caption_accuracy", "loss_caption", -1, "more words are right as the loss falls, as it must"),
    ("caption_accuracy", "loss_caption", 1,
     "accuracy and loss rise together: look at what accuracy counts"),
)  # fmt: skip


def interpret(left: str, right: str, r: float, moving: float) -> str:
    """Return what a correlation means, by its names, sign and size."""
    if abs(r) < SIZES[-1][0]:
        return "They move independently."
    sign = 1 if r > 0 else -1
    names = {left, right}
    start = f"{size_of(r).capitalize()}, {'together' if sign > 0 else 'against each other'}"
    for first, second, way, says in KNOWN:
        if names == {first, second} and way == sign and abs(r) >= 0.4:
            return f"{start}: {says}."
    if names & {"learning_rate"}:
        tail = (
            "their changes agree too"
            if abs(moving) >= 0.4
            else "their changes do not agree, so both merely follow the clock"
        )
        return f"{start}: the rate is a function of time, and {tail}."
    if abs(r) >= SIZES[0][0]:
        return f"{start}: count them as one piece of evidence."
    if abs(moving) < SIZES[-1][0]:
        return f"{start}: a common trend over time; from step to step they are unrelated."
    return f"{start}, from step to step too ({moving:+.2f})."
