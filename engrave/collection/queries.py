"""Ranks a collection for a question of several parts, and says how near an answer is in words.

Shapes: N engravings, E width of the embedding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engrave.collection.vectors import unit

SAMPLE = 1000  # engravings whose own distances calibrate the words
OUTSIDE = 0.02  # share of engravings lonelier than a new one, below which the model is out of depth
COMPANY = 10  # nearest engravings that a picture is measured by: one alone may be near by chance


AT_ONCE = 8_192  # embeddings that are compared at once: beside a sample, 32 MB of cosines

Block = tuple[np.ndarray, np.ndarray]  # rows of a collection, and their vectors


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a question: more like this (weight above 0) or less like it (below 0)."""

    embedding_E: np.ndarray
    weight: float = 1.0


def blocks_of(vectors_NE: np.ndarray) -> Iterator[Block]:
    """Yield what lies in memory in blocks, as others yield what does not fit there."""
    for start in range(0, len(vectors_NE), AT_ONCE):
        block = vectors_NE[start : start + AT_ONCE]
        yield np.arange(start, start + len(block)), block


def cosines_of(blocks: Iterable[Block], count: int, parts: Sequence[Part]) -> np.ndarray:
    """Return the cosine of each part of a question with each engraving (P, N)."""
    asked = np.stack([unit(part.embedding_E) for part in parts])
    found = np.zeros((len(parts), count), np.float32)
    for rows, embeddings in blocks:
        found[:, rows] = asked @ embeddings.T
    return found


def closest(blocks: Iterable[Block], asked_PE: np.ndarray) -> np.ndarray:
    """Return for each embedding that is asked for the highest cosine of any engraving (P,)."""
    best = np.full(len(asked_PE), -1.0, np.float32)
    for _, embeddings in blocks:
        best = np.maximum(best, (asked_PE @ embeddings.T).max(axis=1))
    return best


def scores(cosines_PN: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
    """Return how well each engraving answers (N,), in standard deviations of the collection.

    Cosines of texts spread less than those of pictures, so each part is first brought to
    mean 0 and deviation 1: only then do weights mean what they say.
    """
    total = np.zeros(cosines_PN.shape[1], np.float32)
    for part, found in zip(parts, cosines_PN, strict=True):
        total += part.weight * (found - found.mean()) / max(float(found.std()), 1e-6)
    weight = float(np.sqrt(sum(part.weight**2 for part in parts))) or 1.0
    return total / weight


def blended(parts: Sequence[Part]) -> np.ndarray:
    """Return one embedding (E,) for a question of several parts."""
    return unit(np.sum([part.weight * unit(part.embedding_E) for part in parts], axis=0))


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a new picture is to a collection."""

    cosine: float  # to the nearest engraving
    lonelier: float  # share of the collection's own engravings that are farther from their nearest
    words: str
    outside: bool  # of what the model knows


class Yardstick:
    """The distances of a collection's engravings to their own nearest, to measure others by."""

    def __init__(self, cosines: np.ndarray, whose: str = "engravings") -> None:
        self.whose = whose
        self.cosines = np.sort(np.asarray(cosines, np.float32))

    @classmethod
    def of(cls, vectors_NE: np.ndarray, num: int = 1) -> Yardstick:
        """Measure a sample of the collection, spread evenly over it, by the `num` nearest."""
        rows = sampled(len(vectors_NE))
        return cls.among(rows, vectors_NE[rows], blocks_of(vectors_NE), num)

    @classmethod
    def among(
        cls, rows_S: np.ndarray, sample_SE: np.ndarray, blocks: Iterable[Block], num: int = 1
    ) -> Yardstick:
        """Measure a sample by the `num` nearest of all others, block by block."""
        if len(rows_S) < 2:
            return cls(np.ones(1))
        best = np.full((len(rows_S), num), -np.inf, np.float32)
        for rows, vectors in blocks:
            found = sample_SE @ vectors.T
            found[rows_S[:, None] == rows[None, :]] = -np.inf
            best = np.partition(np.hstack([best, found]), -num, axis=1)[:, -num:]
        return cls(best.mean(axis=1))

    def measure(self, cosine: float) -> Nearness:
        """Say how near a picture is whose nearest engravings have this cosine."""
        lonelier = float(np.searchsorted(self.cosines, cosine, side="right") / len(self.cosines))
        return Nearness(cosine, lonelier, _words(lonelier, self.whose), lonelier < OUTSIDE)


def sampled(count: int, num: int = SAMPLE) -> np.ndarray:
    """Return up to `num` rows, spread evenly over all."""
    return np.unique(np.linspace(0, count - 1, min(num, count)).astype(int))


class Company:
    """What a collection's engravings mean, and how near each is to the ten that mean most alike.

    The meaning tells strangers from engravings; the joint embedding does not, as it is trained to
    find the best of what is there for anything: it calls white noise near.
    """

    def __init__(self, meanings_NM: np.ndarray) -> None:
        self.meanings = unit(meanings_NM)
        self.num = min(COMPANY, max(len(meanings_NM) - 1, 1))
        self.yardstick = Yardstick.of(self.meanings, self.num)

    def measure(self, meaning_M: np.ndarray) -> Nearness:
        """Say how near a picture of this meaning is to the collection."""
        cosines = self.meanings @ unit(meaning_M)
        return self.yardstick.measure(float(np.partition(cosines, -self.num)[-self.num :].mean()))


def _words(lonelier: float, whose: str) -> str:
    share = f"{100 * lonelier:.0f} % of the collection's own {whose} lie farther from their nearest"
    if lonelier >= 0.5:
        return f"at home here: {share}"
    if lonelier >= 0.1:
        return f"at the edge of what is here: only {share}"
    if lonelier >= OUTSIDE:
        return f"far from what is here: only {share}"
    return f"outside of what is here: hardly any of the collection's own {whose} is so far from all"
