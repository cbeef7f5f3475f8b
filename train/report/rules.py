"""The one table of rules: what is measured, where it turns bad, why, and what to do.

A rule's figure is measured in train/report/checks; its limits stand here alone. `high` rules turn
bad as the figure grows, `low` rules as it falls. A figure of None leaves a rule open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from train.report import ledger, ledger_evaluation

Grade = Literal["pass", "note", "warn", "fail", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `note` rules inform and never lower the overall grade."""

    key: str
    section: str  # log, rate, latent, loss, gradient, speed or evaluation
    title: str
    bad: Literal["high", "low"]
    warn: float | None
    fail: float | None
    unit: str
    reason: str
    source: str
    remedy: str
    note: bool = False
    vital: bool = False  # left open, it keeps the overall grade down

    def grade(self, figure: float | None) -> Grade:
        """Return the grade of a figure; NaN fails."""
        if figure is None:
            return "open"
        if figure != figure:
            return "fail"
        for limit, grade in ((self.fail, "fail"), (self.warn, "warn")):
            if limit is not None and (figure >= limit if self.bad == "high" else figure <= limit):
                return "note" if self.note else ("fail" if grade == "fail" else "warn")
        return "pass"

    @property
    def limits(self) -> str:
        """Return the limits in words."""
        sign = "at or above" if self.bad == "high" else "at or below"
        shown = [
            f"{word} {sign} {limit:g}{self.unit}"
            for word, limit in (("note" if self.note else "warn", self.warn), ("fail", self.fail))
            if limit is not None
        ]
        return ", ".join(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule found in one stage, or in the evaluation."""

    rule: Rule
    stage: str
    subject: str  # the metric it is about, or empty
    figure: float | None
    says: str  # the figure in a sentence

    @property
    def grade(self) -> Grade:
        return self.rule.grade(self.figure)


RULES: tuple[Rule, ...] = tuple(Rule(**line) for line in ledger.LINES + ledger_evaluation.LINES)
BY_KEY = {rule.key: rule for rule in RULES}
