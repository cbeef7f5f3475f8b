"""The overall grade, which follows from the verdicts and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from train.report.rules import Verdict

BEST = 5
WORDS = ("void", "failed", "poor", "middling", "good", "very good")
CAP_OPEN = 3  # a run is at most middling while something vital was not measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """Grade from 0 to 5, its word, and how it came about."""

    grade: int
    word: str
    counts: dict[str, int]
    why: str


def overall(verdicts: Sequence[Verdict]) -> Overall:
    """Return 5, less 1 for a warned rule or two, 2 for three or more, and 3 and more for failed
    ones; a rule counts once, however many metrics it caught."""
    failed = sorted({v.rule.key for v in verdicts if v.grade == "fail"})
    warned = sorted({v.rule.key for v in verdicts if v.grade == "warn"} - set(failed))
    vital = sorted({v.rule.title for v in verdicts if v.grade == "open" and v.rule.vital})
    grade = BEST - (0 if not warned else 1 if len(warned) < 3 else 2)
    if failed:
        grade = max(0, min(grade, 3 - len(failed)))
    why = f"Rules that failed: {len(failed)}; that warned: {len(warned)}."
    if vital and grade > CAP_OPEN:
        grade = CAP_OPEN
        why += f" Held down to {CAP_OPEN}, as vital checks are open: {', '.join(vital).lower()}."
    counts = Counter[str](verdict.grade for verdict in verdicts)
    return Overall(grade=grade, word=WORDS[grade], counts=dict(counts), why=why)
