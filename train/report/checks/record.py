"""Checks of the log itself: is it whole, in order, and does it hold losses."""

from __future__ import annotations

from collections.abc import Iterator

from train.report.log import Log, Stage
from train.report.rules import BY_KEY, Verdict


def verdict(key: str, stage: str, subject: str, figure: float | None, says: str) -> Verdict:
    """Return the verdict of the rule with that key."""
    return Verdict(rule=BY_KEY[key], stage=stage, subject=subject, figure=figure, says=says)


def check_log(log: Log) -> Iterator[Verdict]:
    """Check what concerns the whole file."""
    cut = float(log.truncated)
    yield verdict("truncated", "", "", cut, "The last line is cut off." if cut else "It is whole.")
    says = f"{log.bad_lines} lines could not be read."
    yield verdict("bad_lines", "", "", float(log.bad_lines), says)
    losses = [s.name for stage in log.stages for s in stage.of_kind("loss")]
    says = (
        f"{len(losses)} loss curves: {', '.join(dict.fromkeys(losses))}."
        if losses
        else "No loss is in the log, so nothing in it shows that the model learnt, "
        "and nothing can be called ready."
    )
    yield verdict("no_loss", "", "", float(len(losses)), says)


def check_record(stage: Stage) -> Iterator[Verdict]:
    """Check the rows of one stage."""
    broken = [s for s in stage.series.values() if s.broken]
    count = sum(series.broken for series in broken)
    says = "Every value is a finite number."
    if broken:
        first = min(broken, key=lambda s: s.first_broken or 0)
        says = f"{count} values are NaN or infinite, the first in {first.name} at step "
        says += f"{first.first_broken}: {', '.join(s.name for s in broken)}."
    yield verdict("not_finite", stage.name, "", float(count), says)
    says = f"The step number falls {stage.backward} times."
    yield verdict("out_of_order", stage.name, "", float(stage.backward), says)
    says = f"{stage.repeated} steps stand in the log more than once."
    yield verdict("repeated", stage.name, "", float(stage.repeated), says)
