"""The sub-command `python -m train report`: reads, judges, writes."""

from __future__ import annotations

import argparse
from pathlib import Path

from engrave.errors import DataError
from train.report.bench import ROWS, bench, in_words
from train.report.blocks import Section
from train.report.data import to_json
from train.report.findings import Findings, find
from train.report.html import to_html
from train.report.markdown import to_markdown
from train.report.pairs import sample_pairs, sheets
from train.report.reading import read_json, read_log
from train.report.sections import curators, sections

TITLE = "Training report"
CURATORS = "What this model knows and what it does not"


def add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the sub-command and its arguments."""
    report = commands.add_parser(
        "report",
        help="judge a run by its log, whoever wrote it",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    what = report.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--run",
        type=Path,
        help="JSON lines, CSV, offline run of W&B, TensorBoard folder or trackio database",
    )
    what.add_argument(
        "--bench",
        type=int,
        nargs="?",
        const=ROWS,
        metavar="ROWS",
        help=f"measure how fast a made log is read, of {ROWS:,} rows unless told",
    )
    report.add_argument("--evaluation", type=Path, help="JSON file of the final figures")
    report.add_argument("--compare", type=Path, help="another log to set beside it")
    report.add_argument(
        "--pairs", type=Path, help="folder of pictures with metadata.jsonl (file_name, caption)"
    )
    report.add_argument("--out", type=Path, default=Path("report"), help="folder to write to")


def report(given: argparse.Namespace) -> int:
    """Write the report and print its summary, or measure how fast a log is read."""
    if given.bench is not None:
        print(in_words(bench(given.bench)))
        return 0
    found = write_report(given.run, given.out, given.evaluation, given.compare, given.pairs)
    print(f"{found.overall.grade} of 5, {found.overall.word}. {found.overall.why}")
    for advice in found.advice:
        print(f"{advice.grade:>5}  {advice.because}")
    print(f"Written: {given.out / 'report.html'}, report.md, report.json, curators.md")
    return 0


def write_report(
    run: Path,
    out: Path,
    evaluation: Path | None = None,
    other: Path | None = None,
    pairs: Path | None = None,
) -> Findings:
    """Read a log and write report.md, report.html, report.json and curators.md."""
    home = run if run.is_dir() else run.parent
    found = find(
        read_log(run),
        read_json(evaluation) if evaluation else {},
        read_log(other) if other else None,
        sample_pairs(pairs or home / "pairs"),
        sheets(home / "samples"),
    )
    parts = sections(found)
    title = f"{TITLE}: {found.log.name}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.md").write_text(to_markdown(title, parts), encoding="utf-8")
        (out / "report.html").write_text(to_html(title, parts), encoding="utf-8")
        (out / "report.json").write_text(to_json(found), encoding="utf-8")
        page = to_markdown(CURATORS, [Section("In short", curators(found))])
        (out / "curators.md").write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out.name} cannot be written: {error.strerror}; choose --out.") from error
    return found
