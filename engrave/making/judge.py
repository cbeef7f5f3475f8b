"""Sets an engraving that the model made beside real ones, and says it in words.

Shapes: N engravings, E width of the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Protocol

import numpy as np

from engrave.answers import Neighbour, Plate, Verdict
from engrave.collection import Collection
from engrave.making.lexicon import Lexicon

SAMPLE = 200  # captions and engravings whose fit calibrates that of a prompt
HELD_OUT = "validation"  # split that training never saw


class Reader(Protocol):
    """Gives texts a place among pictures."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return embeddings (N, E)."""


class Judge:
    """Measures novelty and fit against a collection; what it needs is worked out once."""

    def __init__(self, collection: Collection, lexicon: Lexicon) -> None:
        self.collection, self.lexicon = collection, lexicon
        self._lock = Lock()
        self._fits: np.ndarray | None = None

    def verdict(
        self,
        text: str,
        near: Sequence[Neighbour],
        read_back: str = "",
        embedding_E: np.ndarray | None = None,
        reader: Reader | None = None,
    ) -> Verdict:
        """Judge a picture by its prompt, its nearest engravings and the embedding of its pixels."""
        likeness, closer = novelty(near, self.collection)
        fit = better = None
        if text and embedding_E is not None and reader is not None:
            fit = float(reader.embed_texts([text])[0] @ embedding_E)
            fits = self.fits(reader)
            better = float(np.searchsorted(fits, fit) / len(fits)) if len(fits) else None
        unseen, rare = self.lexicon.strange(text)
        return Verdict(
            likeness=likeness, closer=closer, read_back=read_back, fit=fit, better=better,
            unseen=unseen, rare=rare,
        )  # fmt: skip

    def fits(self, reader: Reader) -> np.ndarray:
        """Return how real captions fit their engravings (N,), in order, held-out ones where there
        are any; the first call takes seconds."""
        with self._lock:
            if self._fits is None:
                self._fits = self._measure(reader)
            return self._fits

    def _measure(self, reader: Reader) -> np.ndarray:
        items = self.collection.items
        held = [row for row, item in enumerate(items) if item.split == HELD_OUT]
        rows = np.array(held or range(len(items)), int)
        if not len(rows):
            return np.zeros(0)
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(int))]
        rows = np.array([row for row in rows if items[row].caption], int)
        if not len(rows):
            return np.zeros(0)
        texts = reader.embed_texts([items[row].caption for row in rows])
        return np.sort((texts * self.collection.embeddings[rows]).sum(axis=1))


def novelty(near: Sequence[Neighbour], collection: Collection) -> tuple[float | None, float | None]:
    """Return the likeness to the nearest engraving, and the share of engravings that are farther
    from theirs; None where there are too few."""
    if not near or len(collection) < 2:
        return None, None
    likeness = near[0].similarity
    return likeness, collection.yardstick.measure(likeness).lonelier


def beside(plate: Plate, near: Sequence[Neighbour], collection: Collection) -> Plate:
    """Return a plate with its nearest engravings in another collection, and judged by these."""
    verdict = plate.verdict
    if verdict != Verdict():  # else nothing was to be judged
        likeness, closer = novelty(near, collection)
        verdict = replace(verdict, likeness=likeness, closer=closer)
    return replace(plate, neighbours=tuple(near), verdict=verdict)


def novelty_words(verdict: Verdict) -> str:
    """Say how near the nearest engraving is, measured by how near real ones are to theirs."""
    if verdict.closer is None:
        return ""
    return (
        f"Closer to its nearest engraving (likeness {verdict.likeness:.2f}) than "
        f"{_percent(verdict.closer)} of real engravings are to theirs."
    )


def fit_words(verdict: Verdict) -> str:
    """Say how well the finished picture fits its prompt, measured by real captions."""
    if verdict.better is None:
        return ""
    return (
        f"Its pixels fit the text better than {_percent(verdict.better)} of real captions fit "
        "their engraving."
    )


def unseen_words(verdict: Verdict) -> str:
    """Name the words of the prompt that the model never met, or hardly."""
    told = []
    if verdict.unseen:
        told.append(f"The model never saw {_quoted(verdict.unseen)} in training and can only guess")
    if verdict.rare:
        told.append(f"{'It' if told else 'The model'} hardly ever saw {_quoted(verdict.rare)}")
    return ". ".join(told) + "." if told else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _quoted(words: Sequence[str]) -> str:
    *first, last = [f"“{word}”" for word in words]
    return f"{', '.join(first)} or {last}" if first else last
