"""The index finds what a product in memory finds, also among what came after it was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engrave.collection.queries import Part
from engrave.shelf import store as stores
from engrave.shelf import volume as volumes
from engrave.shelf.benchmark import lines, measure_search
from engrave.shelf.importer import Importer
from engrave.shelf.shelf import Shelf
from engrave.sources import open_source
from engrave.studio import Studio
from tests.shelf.conftest import many_noises, noise


def test_a_large_collection_answers_by_its_index(
    shelf: Shelf, reader: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = many_noises(tmp_path / "many", 300)
    monkeypatch.setattr(stores, "IN_MEMORY", 256)
    Importer(shelf, reader).run(open_source(folder), "many")
    exact = shelf.open("many")
    assert "embedding_idx" in {one.name for one in exact._store.pictures.list_indices()}
    monkeypatch.setattr(volumes, "IN_MEMORY", 256)
    indexed = shelf.open("many")
    asked = exact.embeddings[[3, 150, 299]]
    for row, embedding in zip((3, 150, 299), asked, strict=True):
        by_index = [one.index for one in indexed.nearest(embedding, 10)]
        assert by_index[0] == row
        assert len({*by_index} & {one.index for one in exact.nearest(embedding, 10)}) >= 8
        without = indexed.nearest(embedding, 10, exclude=row)
        assert len(without) == 10 and row not in {one.index for one in without}
        assert np.allclose(indexed.place(embedding), exact.place(embedding), atol=0.5)


def test_questions_to_a_large_collection_never_hold_all_vectors(
    shelf: Shelf, reader: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = many_noises(tmp_path / "many", 90)
    Importer(shelf, reader).run(open_source(folder), "many")
    noise(folder / "000.png", 1_000)  # so that rows do not lie on the disk in their order
    Importer(shelf, reader).run(open_source(folder), "many")
    exact = shelf.open("many")
    parts = [Part(exact.embeddings[7]), Part(exact.embeddings[40], -0.5)]
    wanted, all_scores = exact.answers(parts, 10)
    monkeypatch.setattr(volumes, "IN_MEMORY", 40)
    monkeypatch.setattr(volumes, "AT_ONCE", 16)
    held = shelf.open("many")
    found, scores = held.answers(parts, 10)
    assert found[0].index == 7
    assert [one.id for one in found] == [one.id for one in wanted]
    np.testing.assert_allclose(scores, all_scores, atol=1e-4)
    np.testing.assert_allclose(held.yardstick.cosines, exact.yardstick.cosines, atol=1e-5)
    np.testing.assert_allclose(held.embeddings_of([3, 0]), exact.embeddings[[3, 0]], atol=1e-5)
    near = [one.nearness(exact.latents[5], 8).lonelier for one in (held, exact)]
    assert abs(near[0] - near[1]) < 0.3 and 30 <= len(held.meanings(8)) <= 40
    assert not {"embeddings", "latents"} & set(vars(held))  # never read as a whole


def test_the_benchmark_finds_true_neighbours() -> None:
    told: list[str] = []
    rows = list(measure_search(told.append, sizes=(600, 1200), width=32))
    assert told == ["600 vectors ...", "1,200 vectors ..."]
    assert [row.vectors for row in rows] == [600, 1200]
    assert all(0.5 < row.recall <= 1 and row.query_ms > 0 and row.exact_ms > 0 for row in rows)
    assert len(lines(rows)) == 3
