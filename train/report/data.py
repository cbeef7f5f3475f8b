"""Writes every figure and verdict as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from train.report.curators import page
from train.report.findings import Findings
from train.report.header import header


def to_json(found: Findings) -> str:
    """Return the findings as one JSON object; NaN and infinity become null."""
    knows, lacks = page(found.figures, found.log.facts)
    log = found.log
    held: dict[str, Any] = {
        "header": dict(header(log, found.evaluation)),
        "overall": dataclasses.asdict(found.overall),
        "verdicts": [
            {
                "rule": v.rule.key, "title": v.rule.title, "grade": v.grade, "stage": v.stage,
                "subject": v.subject, "figure": v.figure, "says": v.says,
                "limits": v.rule.limits, "reason": v.rule.reason, "source": v.rule.source,
                "remedy": v.rule.remedy,
            }
            for v in found.verdicts
        ],
        "schedules": _plain(found.schedules),
        "statistics": _plain(found.rows),
        "correlations": _plain(found.pairs),
        "matches": _plain(found.matches),
        "compared": _plain(found.compared),
        "recommendations": _plain(found.advice),
        "checklist": _plain(found.boxes),
        "evaluation": dict(found.evaluation),
        "curators": {"knows": knows, "does_not_know": lacks},
        "log": {
            "rows": log.rows, "bad_lines": log.bad_lines, "truncated": log.truncated,
            "unknown": log.unknown, "left_out": log.left_out, "renamed": log.renamed,
            "notes": log.notes, "facts": log.facts,
        },
    }  # fmt: skip
    return json.dumps(_finite(held), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    return [_plain(held) for held in value] if isinstance(value, list) else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(held) for key, held in value.items()}
    return [_finite(held) for held in value] if isinstance(value, list | tuple) else value
