"""How sure a mean is: bootstrap over pictures."""

from __future__ import annotations

import numpy as np

DRAWS = 1000


def bootstrap_error(values: np.ndarray, seed: int = 0) -> float:
    """Return the standard error of the mean of values (N,) over 1,000 resamples, the same each
    time."""
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)]
    return float(np.std(means))
