"""A map drawn aside tells how far it is, and why it failed."""

from __future__ import annotations

import numpy as np
import pytest

from engrave.collection import mapping
from engrave.collection.vectors import unit
from engrave.errors import CollectionError


def test_a_map_tells_of_each_stage_and_round() -> None:
    embeddings = unit(np.random.default_rng(0).normal(size=(1_500, 64)))
    told: list[tuple[float, str]] = []
    places = mapping.umap_aside(embeddings, lambda share, words: told.append((share, words)))
    assert places.shape == (1_500, 2) and np.isfinite(places).all()
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] <= 1.0
    assert len({share for share in shares if share >= mapping.LINKED}) >= 3
    words = " ".join(words for _, words in told)
    assert all(stage in words for stage in ("Getting ready", "Linking", "Round ", " of 500"))


def test_a_map_is_the_same_whether_somebody_listens_or_not() -> None:
    embeddings = unit(np.random.default_rng(1).normal(size=(120, 16)))
    told: list[str] = []
    heard = mapping.umap_places(embeddings, lambda _, words: told.append(words))
    np.testing.assert_array_equal(heard, mapping.umap_places(embeddings))
    assert told


def test_a_map_that_fails_says_why() -> None:
    with pytest.raises(CollectionError, match=r"could not be drawn \(.*LinAlgError"):
        mapping.umap_aside(np.zeros((20,), np.float32))
