"""CIDEr, BLEU, ROUGE and the share of distinct captions, for one reference each (pycocoevalcap,
without its Java tokeniser)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from train.metrics.uncertainty import bootstrap_error, bootstrap_of

WORDS = re.compile(r"[a-z0-9]+")
BLEU_DRAWS = 200  # each counts all captions anew
NAMES = ("cider", "bleu4", "rouge_l", "distinct_share")


def plain(text: str) -> str:
    """Lower case, words only: what the Java tokeniser leaves of our captions."""
    return " ".join(WORDS.findall(text.lower())) or "nothing"


@dataclass(frozen=True)
class CaptionValues:
    """What each caption contributes, (N,); BLEU is one of the whole set, so it keeps its counts."""

    cider: np.ndarray
    rouge_l: np.ndarray
    distinct: np.ndarray
    bleu: BleuScorer

    def bleu4(self, rows: np.ndarray | None = None) -> float:
        """Return BLEU-4 of all captions, or of these rows."""
        picked = range(len(self.bleu.ctest)) if rows is None else rows
        part = BleuScorer(n=4)
        part.ctest = [self.bleu.ctest[row] for row in picked]
        part.crefs = [self.bleu.crefs[row] for row in picked]
        return float(part.compute_score(option="closest")[0][3])

    def scores(self) -> dict[str, float]:
        """Return the figures."""
        return {
            "cider": float(self.cider.mean()),
            "bleu4": self.bleu4(),
            "rouge_l": float(self.rouge_l.mean()),
            "distinct_share": float(self.distinct.mean()),
        }

    def errors(self) -> dict[str, float]:
        """Return the standard error of each figure."""
        return {
            "cider": bootstrap_error(self.cider),
            "bleu4": bootstrap_of(self.bleu4, len(self.cider), draws=BLEU_DRAWS),
            "rouge_l": bootstrap_error(self.rouge_l),
            "distinct_share": bootstrap_error(self.distinct),
        }


def caption_values(written: list[str], references: list[str]) -> CaptionValues:
    """Compare written captions with one reference each."""
    given = {index: [plain(text)] for index, text in enumerate(references)}
    found = {index: [plain(text)] for index, text in enumerate(written)}
    bleu = BleuScorer(n=4)
    for index in given:
        bleu += (found[index][0], given[index])
    _, cider = Cider().compute_score(given, found)
    _, rouge = Rouge().compute_score(given, found)
    times = Counter(text for (text,) in found.values())
    # a caption that stands k times counts 1 / k each time, so that the sum is the distinct ones
    distinct = np.array([1 / times[text] for (text,) in found.values()])
    return CaptionValues(np.asarray(cider), np.asarray(rouge), distinct, bleu)


def caption_scores(written: list[str], references: list[str]) -> dict[str, float]:
    """Return `cider`, `bleu4`, `rouge_l` (each of 1 = perfect but CIDEr, of 10) and
    `distinct_share`."""
    return caption_values(written, references).scores()
