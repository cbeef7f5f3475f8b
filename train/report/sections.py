"""Puts the sections of a report together from its findings."""

from __future__ import annotations

from collections.abc import Sequence

from train.report.blocks import Block, Items, Section, Table, Text
from train.report.curators import page
from train.report.findings import Findings
from train.report.header import header
from train.report.metrics import metric_sections
from train.report.names import TABLE
from train.report.rules import Verdict

Pairs = Sequence[Block]


def sections(found: Findings) -> list[Section]:
    """Return the whole report in its order."""
    return [
        Section("The run", [Table(("what", "value"), header(found.log, found.evaluation))]),
        Section("Summary", _summary(found)),
        *metric_sections(found),
        Section("Correlations", _correlations(found)),
        Section("Statistics", _statistics(found)),
        Section("The log beside the final figures", _matching(found)),
        Section("Training against held-out pictures", _generalising(found)),
        Section("Evaluation", _evaluation(found)),
        *([Section("Compared with another run", _compared(found))] if found.other else []),
        Section("Recommendations", _advice(found)),
        Section("Checklist", _checklist(found)),
        Section("Samples", _samples(found)),
        Section("For curators: what this model knows and what it does not", curators(found)),
        Section("Every check", [_verdicts(found.verdicts)]),
        Section("Appendix: the metrics", _appendix(found)),
    ]


def named(verdict: Verdict) -> str:
    """Return the title of a verdict with what it is about."""
    place = " ".join(part for part in (verdict.stage, verdict.subject) if part)
    return f"{verdict.rule.title}{f' ({place})' if place else ''}"


def _summary(found: Findings) -> list[Block]:
    total = found.overall
    counts = ", ".join(f"{total.counts[g]} {g}" for g in GRADES if g in total.counts)
    bad = [v for v in found.verdicts if v.grade in ("fail", "warn")]
    bad += [v for v in found.verdicts if v.grade == "note" or v.rule.key == "one_schedule"]
    blocks: list[Block] = [
        Text(f"Overall: {total.grade} of 5, {total.word}. {total.why} Checks: {counts}."),
        Items([f"{named(v)}: {v.says}" for v in bad], [v.grade for v in bad])
        if bad
        else Text("No check found fault."),
    ]
    blocks += [Text(note) for note in found.log.notes]
    return blocks


GRADES = ("fail", "warn", "note", "open", "pass")


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    rows = [(v.grade, named(v), v.says, v.rule.limits, v.rule.reason, v.rule.source)
            for v in sorted(verdicts, key=lambda v: GRADES.index(v.grade))]  # fmt: skip
    head = ("grade", "check", "figure", "limits", "why it matters", "source")
    return Table(head, rows, [row[0] for row in rows])


def _correlations(found: Findings) -> list[Block]:
    blocks: list[Block] = [
        Text("r is of the values; r of changes is of what is left when the common trend is gone.")
    ]
    for stage, pairs in found.pairs.items():
        rows = [
            (p.left, p.right, f"{p.r:+.4f}", f"{p.r_changes:+.2f}", f"{p.count:,}", p.says)
            for p in pairs
        ]
        head = (f"{stage}: metric", "and", "r", "r of changes", "steps", "what it means")
        blocks.append(Table(head, rows) if rows else Text(f"{stage}: too few figures."))
    return blocks


def _statistics(found: Findings) -> list[Block]:
    head = ("metric", "count", "first", "last", "change", "lowest", "highest", "mean", "spread",
            "spread / mean", "median", "5 %", "95 %")  # fmt: skip
    blocks: list[Block] = []
    for stage, rows in found.rows.items():
        cells = [
            (r.name, f"{r.count:,}", show(r.first), show(r.last), share(r.change), show(r.low),
             show(r.high), show(r.mean), show(r.std), share(r.variation, ""), show(r.median),
             show(r.low_5), show(r.high_95))
            for r in rows
        ]  # fmt: skip
        blocks += [Text(f"Stage {stage}:"), Table(head, cells)]
    return blocks


def show(value: float) -> str:
    return f"{value:.6g}"


def share(value: float | None, sign: str = "+") -> str:
    return "" if value is None else f"{value:{sign}.2%}"


def _matching(found: Findings) -> list[Block]:
    if not found.matches:
        return [Text("No figure stands both in the log and in the evaluation.")]
    rows = [(m.name, show(m.logged), show(m.final), share(m.change), m.says) for m in found.matches]
    return [Table(("figure", "end of the log", "final", "difference", "what it means"), rows)]


def _generalising(found: Findings) -> list[Block]:
    keys = ("gap", "overfit", "test_gap", "val_noise")
    return _graded(found, keys, "Nothing was measured on held-out pictures while training.")


def _graded(found: Findings, keys: Sequence[str], otherwise: str) -> list[Block]:
    mine = [v for v in found.verdicts if v.rule.key in keys]
    rows = [(v.grade, named(v), v.says) for v in mine]
    head = ("grade", "check", "figure")
    return [Table(head, rows, [row[0] for row in rows])] if rows else [Text(otherwise)]


def _evaluation(found: Findings) -> list[Block]:
    keys = [v.rule.key for v in found.verdicts if v.rule.section == "evaluation"]
    figures = found.figures
    rows = [
        (name, show(value), show(figures[f"{name}_error"]) if f"{name}_error" in figures else "")
        for name, value in figures.items()
        if not name.endswith("_error")
    ]
    blocks = _graded(found, keys, "No evaluation was given.")
    return [*blocks, Table(("figure", "value", "standard error"), rows)] if rows else blocks


def _compared(found: Findings) -> list[Block]:
    rows = [(c.stage, c.name, show(c.here), show(c.there), share(c.change), c.says)
            for c in found.compared]  # fmt: skip
    other = found.other.name if found.other else ""
    head = (
        "stage",
        "metric",
        "end of this run",
        f"end of {other}",
        "difference",
        "which is better",
    )
    return [Table(head, rows)]


def _advice(found: Findings) -> list[Block]:
    if not found.advice:
        return [Text("No rule asks for anything.")]
    lines = [f"{a.do} Because: {a.because}" for a in found.advice]
    return [Items(lines, [a.grade for a in found.advice])]


def _checklist(found: Findings) -> list[Block]:
    word = {True: "pass", False: "fail", None: "open"}
    sign = {True: "[x]", False: "[!]", None: "[ ]"}
    lines = [f"{sign[box.done]} {box.title}. {box.says}" for box in found.boxes]
    return [Items(lines, [word[box.done] for box in found.boxes])]


def _samples(found: Findings) -> list[Block]:
    blocks: list[Block] = [*found.pictures]
    if not blocks:
        blocks.append(Text("No pairs were given. Put pictures and a metadata.jsonl (file_name, "
                           "caption) into the folder `pairs` of the run."))  # fmt: skip
    return [*blocks, *found.sheets]


def curators(found: Findings) -> list[Block]:
    """Return the curators' page."""
    knows, lacks = page(found.figures, found.log.facts)
    return [
        Text("What it knows:"),
        Items(knows or ["Nothing that has been proved."]),
        Text("What it does not know:"),
        Items(lacks),
    ]


def _appendix(found: Findings) -> list[Block]:
    rows = [(m.name, m.what, m.healthy, ", ".join(m.also)) for m in TABLE]
    blocks: list[Block] = [Table(("metric", "what it is", "healthy", "also called"), rows)]
    if found.log.unknown:
        blocks.append(
            Text(f"Not in this table, drawn all the same: {', '.join(found.log.unknown)}.")
        )
    if found.log.left_out:
        blocks.append(Text(f"Without figures, left out: {', '.join(found.log.left_out)}."))
    return blocks
