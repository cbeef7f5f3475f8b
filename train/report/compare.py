"""Sets a log beside its final figures, and beside another log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from train.report.log import Log, Series
from train.report.names import VALIDATION, better_of, kind_of
from train.report.statistics import tail

FINAL = {  # metric of the log -> names of it among the final figures
    "loss_caption": ("loss_caption", "caption_loss"),
    "caption_accuracy": ("train_caption_accuracy", "caption_accuracy"),
    "loss_image": ("loss_image",),
    "loss_alignment": ("loss_alignment",),
    "loss_total": ("loss_total",),
    "effective_rank": ("latent_effective_rank",),
} | {f"latent_{end}": (f"latent_{end}",) for end in ("mean", "std", "norm", "min", "max")}
ALIKE = 0.05  # difference below which two figures agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One figure at the end of the log and in the evaluation."""

    name: str
    logged: float
    final: float
    change: float | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric at the end of two runs."""

    stage: str
    name: str
    here: float
    there: float
    change: float | None
    says: str


def match(log: Log, figures: Mapping[str, float]) -> list[Match]:
    """Return the figures that both the log and the evaluation hold; the last stage counts."""
    found: dict[str, Match] = {}
    for stage in log.stages:
        for name, series in stage.series.items():
            bare = name.removeprefix(VALIDATION)
            finals = FINAL.get(name, (bare,) if name.startswith(VALIDATION) else ())
            final = next((figures[n] for n in finals if n in figures), None)
            if final is not None and len(series):
                found[name] = _matched(name, tail(series), final)
    return list(found.values())


def _matched(name: str, logged: float, final: float) -> Match:
    change = (final - logged) / abs(logged) if logged else None
    worse = (final - logged) * better_of(name) < 0
    if change is None or abs(change) < ALIKE:
        says = "They agree."
    elif not better_of(name):
        says = "They differ: other pictures, or averaged weights."
    elif worse:
        says = "The final figure is worse: the log speaks of pictures the model has seen."
    else:
        says = "The final figure is better: averaged weights, or no noise and no drop-out."
    return Match(name=name, logged=logged, final=final, change=change, says=says)


def compare(log: Log, other: Log) -> list[Compared]:
    """Return the metrics that two logs share, stage by stage."""
    theirs = {stage.name: stage for stage in other.stages}
    if len(log.stages) == len(other.stages) == 1:  # stages of foreign logs have no names
        theirs = {log.stages[0].name: other.stages[0]}
    found = []
    for stage in log.stages:
        beside = theirs[stage.name].series if stage.name in theirs else {}
        for name in [n for n in stage.series if n in beside and kind_of(n) != "clock"]:
            here, there = stage.series[name], beside[name]
            if len(here) and len(there):
                found.append(_compared(stage.name, here, there))
    return found


def _compared(stage: str, here: Series, there: Series) -> Compared:
    a, b = tail(here), tail(there)
    noise = 2 * math.hypot(_noise(here), _noise(there))
    sign = better_of(here.name)
    if abs(a - b) <= noise:
        says = "no difference beyond the noise"
    elif not sign:
        says = "they differ"
    else:
        says = "this run" if (a - b) * sign > 0 else "the other run"
    change = (a - b) / abs(b) if b else None
    return Compared(stage=stage, name=here.name, here=a, there=b, change=change, says=says)


def _noise(series: Series) -> float:
    """Return the standard error of the end of a series."""
    last = series.value[-max(1, len(series) // 10) :]
    return float(last.std() / math.sqrt(len(last)))
