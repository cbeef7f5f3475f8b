"""Finds crowds of points on a map, and names each by the words that set its captions apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LONE = "between clusters"  # HDBSCAN leaves out what lies in no crowd
MOST = 250  # a code on the map is one byte, and the last one is for the lone
SHARE = 190  # a cluster holds at least one point in so many
SMALLEST = 8
NAMED_BY = 3  # words in a name
WORD = re.compile(r"[^\W\d_]{3,}")
COMMON = frozenset(
    "the and with from his her its their for into over under near one two three several while who "
    "that this are has have was were being beside behind front before after above below upon other "
    "another each both left right small large seen side shown showing view scene engraving picture "
    "background foreground plain set out off down them him she not some many".split()
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One crowd of the map."""

    name: str
    medoid: int  # the row that is nearest to all others of the crowd
    size: int


def find_clusters(xy_N2: np.ndarray) -> np.ndarray:
    """Return a number (N,) for each point, the largest crowd 0; -1 lies in none."""
    count = len(xy_N2)
    smallest = max(SMALLEST, count // SHARE)
    if count < 2 * smallest:
        return np.full(count, -1)
    from sklearn.cluster import HDBSCAN  # a second to import: only who asks pays

    # leaves: on a UMAP the excess of mass calls nearly everything one cluster
    settings = {"min_cluster_size": smallest, "min_samples": 5, "copy": True}
    found = HDBSCAN(cluster_selection_method="leaf", **settings).fit_predict(xy_N2)
    return by_size(found)


def by_size(labels_N: np.ndarray) -> np.ndarray:
    """Number crowds by size; those beyond the most that a map can colour become lone."""
    names, counts = np.unique(labels_N[labels_N >= 0], return_counts=True)
    order = names[np.argsort(-counts, kind="stable")][:MOST]
    fresh = np.full(len(labels_N), -1)
    for number, name in enumerate(order):
        fresh[labels_N == name] = number
    return fresh


def words_of(caption: str) -> list[str]:
    """Return the words of a caption that can tell it from others."""
    return [word for word in WORD.findall(caption.lower()) if word not in COMMON]


def name_clusters(labels_N: np.ndarray, captions: Sequence[str]) -> list[str]:
    """Name each crowd by c-TF-IDF: words that are frequent in it and rare in the others."""
    crowds = [Counter[str]() for _ in range(labels_N.max(initial=-1) + 1)]
    whole = Counter[str]()
    for label, caption in zip(labels_N.tolist(), captions, strict=True):
        words = set(words_of(caption))  # a word counts once a caption
        whole.update(words)
        if label >= 0:
            crowds[label].update(words)
    total = [max(crowd.total(), 1) for crowd in crowds]
    mean = sum(total) / max(len(total), 1)
    return [_name(crowd, size, whole, mean) for crowd, size in zip(crowds, total, strict=True)]


def _name(crowd: Counter[str], size: int, whole: Counter[str], mean: float) -> str:
    weight = {word: n / size * np.log(1 + mean / whole[word]) for word, n in crowd.items()}
    chosen: list[str] = []
    for word in sorted(weight, key=lambda one: (-weight[one], one)):
        # "ship" and "ships" are one word
        if not any(word.startswith(other[:4]) for other in chosen):
            chosen.append(word)
        if len(chosen) == NAMED_BY:
            break
    return ", ".join(chosen) or "unnamed"


def medoids(labels_N: np.ndarray, embeddings_NE: np.ndarray) -> list[int]:
    """Return for each crowd the row whose embedding is nearest to the crowd's mean."""
    found = []
    for label in range(labels_N.max(initial=-1) + 1):
        rows = np.flatnonzero(labels_N == label)
        found.append(int(rows[np.argmax(embeddings_NE[rows] @ embeddings_NE[rows].mean(axis=0))]))
    return found


def describe_clusters(
    labels_N: np.ndarray, captions: Sequence[str], embeddings_NE: np.ndarray
) -> list[Cluster]:
    """Return name, medoid and size of each crowd, in the order of its number."""
    sizes = np.bincount(labels_N[labels_N >= 0], minlength=labels_N.max(initial=-1) + 1)
    names = name_clusters(labels_N, captions)
    parts = zip(names, medoids(labels_N, embeddings_NE), sizes.tolist(), strict=True)
    return [Cluster(*part) for part in parts]
