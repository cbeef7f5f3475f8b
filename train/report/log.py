"""A log in memory: stages, each with its series. Knows nothing of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from train.report.names import VALIDATION, kind_of

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Series:
    """The finite values of one metric in order of their steps, each step once."""

    name: str
    step: Array  # (n,) int64
    value: Array  # (n,) float64
    broken: int = 0  # how many values were NaN or infinite
    first_broken: int | None = None  # step of the first of them

    def __len__(self) -> int:
        return len(self.value)

    def after(self, step: int) -> Series:
        """Return the part from that step on."""
        start = int(np.searchsorted(self.step, step))
        return Series(self.name, self.step[start:], self.value[start:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a run; its steps are its own."""

    name: str
    series: dict[str, Series]
    rows: int
    backward: int = 0  # how often the step number fell
    repeated: int = 0  # how many steps were logged again, of which the last counts
    seconds: float | None = None

    @property
    def last_step(self) -> int:
        return max((int(s.step[-1]) for s in self.series.values() if len(s)), default=0)

    @property
    def first_step(self) -> int:
        return min((int(s.step[0]) for s in self.series.values() if len(s)), default=0)

    def training(self) -> list[Series]:
        """Return the series that are measured while training, clocks left out."""
        return [
            series
            for name, series in self.series.items()
            if not name.startswith(VALIDATION) and kind_of(name) != "clock"
        ]

    def validation(self) -> list[Series]:
        """Return the series that are measured on held-out pictures."""
        return [series for name, series in self.series.items() if name.startswith(VALIDATION)]

    def of_kind(self, kind: str) -> list[Series]:
        return [s for s in self.training() if kind_of(s.name) == kind and len(s)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A whole log, with what was odd about it."""

    name: str
    source: str  # what wrote it, in words
    stages: list[Stage]
    rows: int
    bad_lines: int = 0
    truncated: bool = False
    left_out: tuple[str, ...] = ()  # columns that hold no numbers
    unknown: tuple[str, ...] = ()  # columns the name table does not know
    renamed: dict[str, str] = field(default_factory=dict)  # name in the log -> ours
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
