"""Measures the figure of each rule. The limits stand in the table of rules alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from train.report.checks.evaluation import check_evaluation
from train.report.checks.latent import check_latent
from train.report.checks.losses import check_losses
from train.report.checks.record import check_log, check_record
from train.report.checks.steps import check_gradient, check_rate, check_speed
from train.report.log import Log
from train.report.rules import Verdict


def all_verdicts(log: Log, evaluation: Mapping[str, Any]) -> list[Verdict]:
    """Return what every rule found, stage by stage, then in the evaluation."""
    found = list(check_log(log))
    for stage in log.stages:
        found += check_record(stage)
        found += check_rate(stage)
        found += check_latent(stage, evaluation)
        found += check_losses(stage, log.facts)
        found += check_gradient(stage)
        found += check_speed(stage)
    found += check_evaluation(evaluation)
    return found
