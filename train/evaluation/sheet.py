"""Holds figures under flat names, each with its uncertainty where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from train.metrics.captions import CaptionValues
from train.metrics.uncertainty import bootstrap_error, ratio_error

DIGITS = 6  # of what is kept: more than is printed, fewer than float32 has noise


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


@dataclass
class Sheet:
    """Collects figures; each is the mean over pictures, a ratio of sums, or a plain number."""

    figures: dict[str, float] = field(default_factory=dict)

    def put(self, name: str, value: float, error: float | None = None) -> None:
        """Enter a number, and its standard error where it has one."""
        self.figures[name] = rounded(value)
        if error is not None:
            self.figures[f"{name}_error"] = rounded(error)

    def mean(self, name: str, values: Tensor | np.ndarray, orders: int = 1) -> None:
        """Enter the mean of values (N,) and its standard error; where each value already is a mean
        over pairs of pictures, `orders` is 2 (Hoeffding 1948)."""
        array = np.asarray(values, np.float64)
        self.put(name, float(array.mean()), orders * bootstrap_error(array))

    def ratio(self, name: str, above: Tensor, below: Tensor) -> None:
        """Enter the sum of one over the sum of the other, both (N,)."""
        a, b = (np.asarray(x, np.float64) for x in (above, below))
        self.put(name, float(a.sum() / max(b.sum(), 1e-12)), ratio_error(a, b))

    def captions(self, prefix: str, values: CaptionValues) -> None:
        """Enter the scores of captions."""
        errors = values.errors()
        for name, value in values.scores().items():
            self.put(f"{prefix}{name}", value, errors[name])

    def all(self, prefix: str, values: Mapping[str, float]) -> None:
        """Enter plain numbers."""
        for name, value in values.items():
            self.put(f"{prefix}{name}", value)
