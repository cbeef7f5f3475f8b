"""CIDEr, BLEU and the share of distinct captions, for one reference each (pycocoevalcap, without
its Java tokeniser)."""

from __future__ import annotations

import contextlib
import io
import re

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

WORDS = re.compile(r"[a-z0-9]+")


def plain(text: str) -> str:
    """Lower case, words only: what the Java tokeniser leaves of our captions."""
    return " ".join(WORDS.findall(text.lower())) or "nothing"


def caption_scores(written: list[str], references: list[str]) -> dict[str, float]:
    """Return `cider`, `bleu4`, `rouge_l` (each of 1 = perfect but CIDEr, of 10) and
    `distinct_share`."""
    given = {index: [plain(text)] for index, text in enumerate(references)}
    found = {index: [plain(text)] for index, text in enumerate(written)}
    with contextlib.redirect_stdout(io.StringIO()):
        cider, _ = Cider().compute_score(given, found)
        bleu, _ = Bleu(4).compute_score(given, found)
        rouge, _ = Rouge().compute_score(given, found)
    distinct = len({plain(text) for text in written}) / max(len(written), 1)
    return {
        "cider": float(cider),
        "bleu4": float(bleu[3]),
        "rouge_l": float(rouge),
        "distinct_share": distinct,
    }
