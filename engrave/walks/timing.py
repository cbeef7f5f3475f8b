"""Says when a frame stands where: easing curves, and steps shared out among stretches of a way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

GRID = np.linspace(0.0, 1.0, 1025)  # where a curve is looked up to find the way back


def ease(easing: str, u: np.ndarray) -> np.ndarray:
    """Return shares of the way at shares of the time; all curves run from 0 to 1 and rise."""
    if easing == "in":
        return u**2
    if easing == "out":
        return 1 - (1 - u) ** 2
    if easing == "in-out":
        return u**2 * (3 - 2 * u)
    return u


def unease(easing: str, s: np.ndarray) -> np.ndarray:
    """Return shares of the time at shares of the way."""
    return np.interp(s, ease(easing, GRID), GRID)


def apportion(total: int, weights: Sequence[float], floors: Sequence[int]) -> list[int]:
    """Share out whole steps by weight, by largest remainders; none gets less than its floor."""
    spare = total - sum(floors)
    if spare < 0:
        raise ValueError(f"{total} steps cannot fill {len(floors)} stretches of {sum(floors)}")
    whole = sum(weights) or 1.0
    wanted = [total * weight / whole for weight in weights]
    given = list(floors)
    for _ in range(spare):
        missing = [want - have for want, have in zip(wanted, given, strict=True)]
        given[int(np.argmax(missing))] += 1
    return given


def positions(lengths: Sequence[float], steps: int, easing: str) -> list[np.ndarray]:
    """Return where the frames of a segment stand, one row of shares from 0 to 1 a stretch.

    The segment has one or more stretches of the given lengths; a frame stands on every joint.
    """
    whole = sum(lengths) or 1.0
    joints = np.concatenate([[0.0], np.cumsum(lengths) / whole])
    joints[-1] = 1.0
    times = unease(easing, joints)
    shared = apportion(steps, np.diff(times).tolist(), [1] * len(lengths))
    rows = []
    for count, (start, end), (low, high) in zip(
        shared, pairwise(times), pairwise(joints), strict=True
    ):
        reached = ease(easing, np.linspace(start, end, count + 1))
        row = (reached - low) / max(high - low, 1e-12)
        row[0], row[-1] = 0.0, 1.0
        rows.append(np.clip(row, 0.0, 1.0))
    return rows
