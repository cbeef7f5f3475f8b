"""Recommendations, chosen by rules; each cites the figure that set it off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from train.report.rules import Verdict

ORDER = {"fail": 0, "warn": 1, "note": 2, "open": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do, how urgent it is, and the figure behind it."""

    grade: str
    do: str
    because: str
    rule: str


COMPARISONS = (  # figure, sense, limit, what to do: chances that are no faults
    ("caption_accuracy", "<", 0.45, "Weigh captions more (2.0 captions, 1.0 pictures, 0.5 "
     "alignment) or train that stage longer: captions are the weaker task."),
    ("latent_effective_rank", "<", 50.0, "Do not widen the latent: the one there is stands "
     "largely empty."),
    ("cider", ">", 0.6, "Keep the caption stage as it is."),
    ("t2i_r10", ">", 0.4, "Keep the alignment as it is; search works."),
)  # fmt: skip


def recommend(verdicts: Sequence[Verdict], figures: Mapping[str, float]) -> list[Advice]:
    """Return what to do, most urgent first; one entry a rule, which cites its worst case."""
    found: dict[str, Advice] = {}
    for verdict in sorted(verdicts, key=lambda v: ORDER.get(v.grade, 9)):
        wanted = verdict.grade in ("fail", "warn") or verdict.rule.key == "still_falling"
        wanted = wanted or (verdict.grade == "open" and verdict.rule.vital)
        if not wanted or verdict.grade == "pass" or verdict.rule.key in found:
            continue
        place = " ".join(part for part in (verdict.stage, verdict.subject) if part)
        found[verdict.rule.key] = Advice(
            grade=verdict.grade,
            do=verdict.rule.remedy,
            because=f"{verdict.rule.title}{f' ({place})' if place else ''}: {verdict.says}",
            rule=verdict.rule.key,
        )
    return [*found.values(), *_chances(figures)]


def _chances(figures: Mapping[str, float]) -> list[Advice]:
    return [
        Advice(
            grade="note",
            do=do,
            because=f"{name} is {figures[name]:.3g} ({sense} {limit:g}).",
            rule=name,
        )
        for name, sense, limit, do in COMPARISONS
        if name in figures and (figures[name] < limit if sense == "<" else figures[name] > limit)
    ]
