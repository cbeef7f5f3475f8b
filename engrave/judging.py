"""Writes captions of a latent and judges how well they fit. Knows a studio, no collection.

Shapes: L width of the latent, E width of the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engrave.answers import Candidate

if TYPE_CHECKING:  # torch takes seconds to import
    from engrave.studio import Studio

SEED = 0  # of captions by chance: the same picture gets the same


def written(studio: Studio, latent_L: np.ndarray, num: int, sampled: int) -> tuple[Candidate, ...]:
    """Return captions of the beam search, best first, then different ones drawn by chance."""
    beam = [text for text, _ in studio.describe(latent_L, num)]
    chance = studio.sample(latent_L, sampled, SEED)
    new = [text for text in chance if text and text not in beam]
    return judged(studio, latent_L, beam) + judged(studio, latent_L, new, "sampled")


def judged(
    studio: Studio, latent_L: np.ndarray, texts: Sequence[str], how: str = "beam"
) -> tuple[Candidate, ...]:
    """Return how well texts fit a picture, as a whole and word by word, most probable first."""
    scored = studio.score(latent_L, texts)
    matches = studio.embed_texts(texts) @ studio.embed(latent_L[None])[0]
    found = [
        Candidate(text, one.probability, float(match), how, one.words)
        for text, one, match in zip(texts, scored, matches, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.probability))
