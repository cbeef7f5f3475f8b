"""The sections on single metrics: what each did, with its chart and its verdicts."""

from __future__ import annotations

from train.report.blocks import Block, Chart, Curve, Items, Section, Text
from train.report.checks.steps import shape_says
from train.report.findings import Findings
from train.report.log import Series, Stage
from train.report.names import BY_NAME, VALIDATION, base_name, better_of, kind_of
from train.report.schedule import Schedule
from train.report.statistics import best, row_of, smooth

KINDS = ("rate", "loss", "score", "latent", "gradient", "speed", "other")


def metric_sections(found: Findings) -> list[Section]:
    """Return a section for each stage, and below it one for each metric."""
    made = []
    for stage in found.log.stages:
        title = f"Stage {stage.name}" if len(found.log.stages) > 1 else "The metrics"
        says = f"{stage.rows:,} rows, steps {stage.first_step:,} to {stage.last_step:,}."
        made.append(Section(title, [Text(says)]))
        for name in _order(stage):
            made.append(Section(name, _metric(found, stage, name), level=3))
    return made


def _order(stage: Stage) -> list[str]:
    names = dict.fromkeys(base_name(name) for name in stage.series if kind_of(name) != "clock")
    return sorted(names, key=lambda name: KINDS.index(kind_of(name)))


def _metric(found: Findings, stage: Stage, name: str) -> list[Block]:
    trained = stage.series.get(name)
    unseen = stage.series.get(VALIDATION + name)
    blocks: list[Block] = []
    if name in BY_NAME:
        blocks.append(Text(f"{BY_NAME[name].what} {BY_NAME[name].healthy}"))
    plan = found.schedules[stage.name].get(name)
    if plan is not None:
        blocks.append(Text(schedule_says(plan)))
    for series in (trained, unseen):
        if series is not None and len(series):
            blocks.append(Text(_course(series)))
    mine = [
        v
        for v in found.verdicts
        if v.stage == stage.name and v.subject and base_name(v.subject) == name
    ]
    if mine:
        lines = [f"{v.rule.title}: {v.says} ({v.rule.limits})" for v in mine]
        blocks.append(Items(lines, [v.grade for v in mine]))
    curves = _curves(found, stage, name, trained, unseen)
    return [*blocks, Chart(name, curves, _wide(trained or unseen))] if curves else blocks


def schedule_says(plan: Schedule) -> str:
    """Return a schedule in words: shape, warm-up, range, smoothness."""
    if plan.shape == "constant":
        return f"The rate is constant at {plan.peak:.3g}."
    warm = f"After {plan.warm_up:,} steps of warm-up it" if plan.warm_up else "It"
    smooth_or = "smooth" if plan.smooth else "not smooth"
    return (
        f"{warm} goes from {plan.peak:.4g} to {plan.last:.4g} ({plan.change:+.2%}). "
        f"{shape_says(plan)} It is {smooth_or}: no step is larger than {plan.largest_jump:.2%} of "
        "the range."
    )


def _course(series: Series) -> str:
    row = row_of(series)
    held_out = series.name.startswith(VALIDATION)
    says = "On held-out pictures" if held_out else "In training"
    says += f" from {row.first:.4g} to {row.last:.4g}"
    says += f" ({row.change:+.2%})" if row.change is not None else ""
    says += f", mean {row.mean:.4g}, between {row.low:.4g} and {row.high:.4g}"
    sign = better_of(series.name)
    if sign and len(series) > 2:
        step, value = best(series, sign)
        says += f"; best {value:.4g} at step {step:,}"
    return says + "."


def _curves(
    found: Findings, stage: Stage, name: str, trained: Series | None, unseen: Series | None
) -> list[Curve]:
    curves = []
    if trained is not None and len(trained):
        curves.append(Curve("each step", trained, "faint"))
        curves.append(Curve("smoothed", smooth(trained)))
    if unseen is not None and len(unseen):
        curves.append(Curve("held-out", unseen, "points"))
    theirs = {s.name: s for s in found.other.stages} if found.other else {}
    if found.other and len(found.log.stages) == len(found.other.stages) == 1:
        theirs = {stage.name: found.other.stages[0]}
    beside = theirs[stage.name].series.get(name) if stage.name in theirs else None
    if beside is not None and len(beside):
        curves.append(Curve("other run", smooth(beside), "dash"))
    return curves


def _wide(series: Series | None) -> bool:
    """Tell whether a series spans so much that its axis should be logarithmic."""
    if series is None or not len(series) or series.value.min() <= 0:
        return False
    return kind_of(series.name) in ("loss", "gradient") and bool(
        series.value.max() > 100 * series.value.min()
    )
