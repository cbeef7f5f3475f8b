"""The boxes to tick before a model goes out; each is ticked by a figure, or open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.report.checks.evaluation import numbers
from train.report.log import Log
from train.report.rules import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box: `done` is None while nobody has measured it."""

    title: str
    done: bool | None
    says: str


FIGURES = (  # what, and the figures of which one is enough
    ("Compare picture quality (KID or FID)", ("kid", "fid")),
    ("Check caption figures (BLEU, CIDEr)", ("bleu4", "cider")),
    ("Check that captions fit their pictures", ("clip_like_match", "r_precision", "cider")),
    ("Measure how many captions are distinct", ("distinct_share",)),
)


def boxes(
    log: Log, evaluation: Mapping[str, Any], verdicts: Sequence[Verdict], shown: int
) -> list[Box]:
    """Return all boxes; `shown` counts the pictures with captions that lie in the report."""
    split = str(evaluation.get("split", ""))
    figures = numbers(evaluation)
    found = [
        _graded("Export the losses", verdicts, ("no_loss",)),
        _graded("See that the loss curves fell and stayed down", verdicts,
                ("not_falling", "diverged")),
        Box(title="Run on the test set", done=True if split == "test" else None,
            says=f"Measured on `{split}`." if split else "Not measured."),
        Box(title="Look at pictures and captions", done=None,
            says=f"{shown} pairs are below; a person must look." if shown
            else "No pairs were given."),
    ]  # fmt: skip
    for title, names in FIGURES:
        held = {name: figures[name] for name in names if name in figures}
        says = ", ".join(f"{name} {value:.4g}" for name, value in held.items())
        found.append(Box(title=title, done=bool(held) or None, says=says or "Not measured."))
    found += [
        _graded("Beat the trivial baselines", verdicts,
                ("trivial_captions", "trivial_pictures", "mean_picture", "trivial_search")),
        _graded("See that it generalises: test against training", verdicts, ("test_gap",)),
        _graded("See that both decoders listen to the latent", verdicts,
                ("ignores_picture", "ignores_words")),
        _graded("See that nothing was learnt by heart", verdicts, ("memorised",)),
        _graded("Count no padding", verdicts, ("padding",)),
    ]  # fmt: skip
    seeds = (log.facts.get("config") or {}).get("seed")
    says = f"Seed {seeds}." if seeds is not None else "No seed is known."
    found.append(Box(title="Fix the seed", done=True if seeds is not None else None, says=says))
    return found


def _graded(title: str, verdicts: Sequence[Verdict], keys: tuple[str, ...]) -> Box:
    mine = [v for v in verdicts if v.rule.key in keys and v.grade != "open"]
    bad = [v for v in mine if v.grade in ("fail", "warn")]
    if bad:
        return Box(title=title, done=False, says=f"{bad[0].subject} {bad[0].says}".strip())
    missing = set(keys) - {v.rule.key for v in mine}
    if missing:
        return Box(title=title, done=None, says="Not measured, or not all of it.")
    return Box(title=title, done=True, says=mine[0].says)
