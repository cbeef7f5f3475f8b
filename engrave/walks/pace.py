"""Measures how much a walk changes from frame to frame, and finds frames that change evenly.

Shapes: N frames, F width of the features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

JUMP = 2.0  # times the usual step


def step_sizes(features_NF: np.ndarray) -> np.ndarray:
    """Return the distance (N - 1,) from each frame to the next."""
    rows = np.diff(np.asarray(features_NF, np.float64), axis=0)
    return np.asarray(np.linalg.norm(rows, axis=1))


def unevenness(steps: Sequence[float] | np.ndarray) -> float:
    """Return the coefficient of variation of step sizes: 0 where all are alike."""
    steps = np.asarray(steps, np.float64)
    return float(steps.std() / steps.mean()) if len(steps) and steps.mean() > 0 else 0.0


def jumps(steps: Sequence[float] | np.ndarray) -> tuple[int, ...]:
    """Return the steps that are more than twice the median one."""
    steps = np.asarray(steps, np.float64)
    usual = float(np.median(steps)) if len(steps) else 0.0
    return tuple(int(at) for at in np.flatnonzero(steps > JUMP * usual)) if usual > 0 else ()


class Stretch:
    """What is known of one stretch of a way: features at shares of it, more with every look."""

    def __init__(self) -> None:
        self._shares = np.zeros(0)
        self._features = np.zeros((0, 0))

    def learn(self, shares_N: np.ndarray, features_NF: np.ndarray) -> None:
        """Add frames that were looked at."""
        if len(self._shares):
            shares_N = np.concatenate([self._shares, shares_N])
            features_NF = np.concatenate([self._features, features_NF])
        self._shares, first = np.unique(shares_N, return_index=True)
        self._features = features_NF[first]

    @property
    def length(self) -> float:
        """How much changes from its beginning to its end."""
        return float(step_sizes(self._features).sum())

    def shares_at(self, lengths_N: np.ndarray) -> np.ndarray:
        """Return where shares of the length are reached; they run from 0 to 1."""
        reached = np.concatenate([[0.0], np.cumsum(step_sizes(self._features))])
        if reached[-1] <= 0:
            return lengths_N
        found = np.interp(lengths_N, reached / reached[-1], self._shares)
        found[0], found[-1] = 0.0, 1.0
        return found
