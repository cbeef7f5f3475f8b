"""How sure a figure is: bootstrap over pictures, the same each time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DRAWS = 1000


def bootstrap_error(values: np.ndarray, seed: int = 0) -> float:
    """Return the standard error of the mean of values (N,) over 1,000 resamples, the same each
    time."""
    values = np.asarray(values, np.float64)
    return bootstrap_of(lambda rows: float(values[rows].mean()), len(values), seed=seed)


def ratio_error(above: np.ndarray, below: np.ndarray, seed: int = 0) -> float:
    """Return the standard error of sum(above) / sum(below), both (N,), resampled together."""
    a, b = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return bootstrap_of(
        lambda rows: float(a[rows].sum() / max(b[rows].sum(), 1e-12)), len(a), seed=seed
    )


def bootstrap_of(
    figure: Callable[[np.ndarray], float], count: int, *, draws: int = DRAWS, seed: int = 0
) -> float:
    """Return the standard deviation of a figure over resamples of its pictures, which it gets as
    rows (N,)."""
    if count < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    return float(np.std([figure(rng.integers(0, count, count)) for _ in range(draws)]))
