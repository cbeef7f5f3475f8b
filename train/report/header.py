"""The head of a report: model, data, duration, hardware, commit, seeds, versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from train.report.log import Log

KNOWN = (  # what, and where in the facts it may stand
    ("Model", ("version", "preset", "run")),
    ("Parameters", ("parameters",)),
    ("Data", ("data",)),
    ("Training pictures", ("train_pictures",)),
    ("Validation pictures", ("validation_pictures",)),
    ("Hardware", ("hardware", "gpu", "device")),
    ("Commit", ("commit",)),
    ("Seed", ("config.seed",)),
    ("Finished", ("finished", "startedAt")),
)


def header(log: Log, evaluation: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and values; what is not known says so."""
    rows = [("Log", f"{log.name} ({log.source}), {log.rows:,} rows")]
    for title, places in KNOWN:
        value = next((v for v in (_find(log.facts, p) for p in places) if v not in (None, "")), "")
        rows.append((title, f"{value:,}" if isinstance(value, int) else str(value) or "not known"))
    rows.append(("Duration", duration(log)))
    versions = log.facts.get("versions") or {}
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    rows.append(("Versions", shown or str(log.facts.get("python", "")) or "not known"))
    if evaluation:
        place = evaluation.get("split", "a split that is not named")
        rows.append(("Evaluation", f"{place}, {evaluation.get('pictures', 'unknown')} pictures"))
    return rows


def _find(facts: Mapping[str, Any], place: str) -> Any:
    held: Any = facts
    for part in place.split("."):
        held = held.get(part) if isinstance(held, Mapping) else None
    return held


def duration(log: Log) -> str:
    """Return how long the stages took together."""
    known = [(stage.name, stage.seconds) for stage in log.stages if stage.seconds is not None]
    if not known:
        return "not known: the log has no clock"
    total = clock(sum(seconds for _, seconds in known))
    parts = ", ".join(f"{name} {clock(seconds)}" for name, seconds in known)
    return total if len(known) == 1 else f"{total} ({parts})"


def clock(seconds: float) -> str:
    """Return a time in hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
