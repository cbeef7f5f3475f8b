"""Directions in which the engravings of a collection differ most, named by their captions' words.

Shapes: N engravings, L width of the latent, M width of the meaning, C channels, S cells of the
layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engrave.collection import Collection
from engrave.collection.clusters import words_of
from engrave.config import ModelConfig

PRINCIPAL = 6  # directions of most difference
FEWEST = 30  # engravings that a subject or a principal direction needs
OFTEN = 300  # a word that names an end stands in one of so many captions
NAMED_BY = 2  # words at each end
SCALE = 1 / 32  # root mean square of a number of the latent
SUBJECT = "subject "


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One way to change a picture."""

    name: str  # the same as long as the collection is the same
    low: str  # what pictures are like at the one end, in words
    high: str
    step_L: np.ndarray  # what one standard deviation adds to a latent


def find_directions(collection: Collection, meaning_width: int) -> tuple[Direction, ...]:
    """Return principal directions of the meanings, each with the change of layout that goes with
    it, then one towards each subject."""
    if len(collection) < FEWEST:
        return ()
    return (*_principal(collection, meaning_width), *_subjects(collection))


def _principal(collection: Collection, meaning_width: int) -> list[Direction]:
    offsets_NL = collection.latents - collection.latents.mean(axis=0)
    meanings = offsets_NL[:, :meaning_width].astype(np.float64)
    variances, vectors = np.linalg.eigh(meanings.T @ meanings / len(meanings))
    found = []
    for rank in range(min(PRINCIPAL, meaning_width)):
        vector = vectors[:, -1 - rank]
        vector = vector * np.sign(vector[np.abs(vector).argmax()])  # else the sign is chance
        scores_N = meanings @ vector / max(float(np.sqrt(variances[-1 - rank])), 1e-9)
        low, high = ends_of(scores_N, [item.caption for item in collection.items])
        # the layout goes along as it does in the collection: meaning alone moves few pixels
        step = (scores_N[:, None] * offsets_NL).mean(axis=0)
        found.append(Direction(f"principal {rank + 1}", low, high, step.astype(np.float32)))
    return found


def _subjects(collection: Collection) -> list[Direction]:
    subjects = np.array([item.subject for item in collection.items])
    mean = collection.latents.mean(axis=0)
    counts = Counter(subjects.tolist())
    named = [name for name, count in counts.most_common() if name and count >= FEWEST]
    return [
        Direction(
            SUBJECT + name,
            f"less {name}",
            f"more {name}",
            (collection.latents[subjects == name].mean(axis=0) - mean).astype(np.float32),
        )
        for name in named
    ]


def ends_of(scores_N: np.ndarray, captions: Sequence[str]) -> tuple[str, str]:
    """Return the words whose captions lie farthest to either end."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for score, caption in zip(scores_N.tolist(), captions, strict=True):
        for word in set(words_of(caption)):
            sums[word] += score
            counts[word] += 1
    fewest = max(3, len(captions) // OFTEN)
    # the mean over its captions in standard errors: a word of chance lies near 0
    lead = {word: sums[word] / counts[word] ** 0.5 for word in counts if counts[word] >= fewest}
    ranked = sorted(lead, key=lambda word: (lead[word], word))
    return ", ".join(ranked[:NAMED_BY]), ", ".join(ranked[: -1 - NAMED_BY : -1])


def on_sphere(latent_L: np.ndarray, config: ModelConfig) -> np.ndarray:
    """Return a latent whose meaning and whose cells have the size that the model knows."""
    meaning, layout = np.split(latent_L.astype(np.float64), [config.meaning_width])
    cells_CS = layout.reshape(config.layout_channels, -1)
    scaled = np.concatenate([_scaled(meaning), _scaled(cells_CS).ravel()])
    size = np.sqrt(config.latent_width) * SCALE  # exactly 1 where they are 1,024
    return (scaled / size).astype(np.float32)


def _scaled(values: np.ndarray) -> np.ndarray:
    return values * (SCALE / np.sqrt(np.square(values).mean(axis=0, keepdims=True) + 1e-12))
