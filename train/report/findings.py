"""All that a report says, before it is written in any form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.report.advice import Advice, recommend
from train.report.blocks import Picture
from train.report.checklist import Box, boxes
from train.report.checks import all_verdicts
from train.report.checks.evaluation import numbers
from train.report.compare import Compared, Match, compare, match
from train.report.correlations import Pair, pairs
from train.report.grading import Overall, overall
from train.report.log import Log
from train.report.names import kind_of
from train.report.rules import Verdict
from train.report.schedule import Schedule, recognise
from train.report.statistics import Row, row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything found in a log, its evaluation, and another log beside it."""

    log: Log
    evaluation: Mapping[str, Any]
    figures: Mapping[str, float]
    other: Log | None
    verdicts: list[Verdict]
    overall: Overall
    rows: dict[str, list[Row]]  # by stage
    pairs: dict[str, list[Pair]]
    schedules: dict[str, dict[str, Schedule]]  # by stage, by name of the rate
    matches: list[Match]
    compared: list[Compared]
    advice: list[Advice]
    boxes: list[Box]
    pictures: Sequence[Picture]
    sheets: Sequence[Picture]


def find(
    log: Log,
    evaluation: Mapping[str, Any],
    other: Log | None = None,
    pictures: Sequence[Picture] = (),
    sheets: Sequence[Picture] = (),
) -> Findings:
    """Look at a log from every side."""
    verdicts = all_verdicts(log, evaluation)
    figures = numbers(evaluation)
    return Findings(
        log=log,
        evaluation=evaluation,
        figures=figures,
        other=other,
        verdicts=verdicts,
        overall=overall(verdicts),
        rows={
            stage.name: [
                row_of(s) for s in stage.series.values() if len(s) and kind_of(s.name) != "clock"
            ]
            for stage in log.stages
        },
        pairs={stage.name: pairs(stage) for stage in log.stages},
        schedules={
            stage.name: {s.name: recognise(s) for s in stage.of_kind("rate")}
            for stage in log.stages
        },
        matches=match(log, figures),
        compared=compare(log, other) if other else [],
        advice=recommend(verdicts, figures),
        boxes=boxes(log, evaluation, verdicts, len(pictures)),
        pictures=pictures,
        sheets=sheets,
    )
