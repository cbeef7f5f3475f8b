"""What the first release that kept weights wrote still opens, and means the same.

`released/first.zip` was written by the code of that release: a model of preset smoke, a collection,
and what that code read of both.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection
from engrave.engine import Engine
from tests.woken import ramp

ARCHIVE = Path(__file__).parent / "released" / "first.zip"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what was released first."""
    folder = tmp_path_factory.mktemp("released")
    with zipfile.ZipFile(ARCHIVE) as packed:
        packed.extractall(folder)
    return folder


def test_a_checkpoint_of_the_first_release_reads_pictures_as_it_did(first: Path) -> None:
    model = from_pretrained(first / "model")
    known = json.loads((first / "known.json").read_text())
    with torch.inference_mode():
        latents = model.encode(ramp())
        embeddings = model.embed(latents)
    for now, then in zip(latents[:, :8], torch.tensor(known["latents"]), strict=True):
        # a smoke model's latents were longer then; their direction is what carries
        assert torch.cosine_similarity(now, then, dim=0) > 0.9999
    torch.testing.assert_close(
        embeddings[:, :8], torch.tensor(known["embeddings"]), atol=2e-3, rtol=0
    )


def test_a_collection_of_the_first_release_finds_the_same(first: Path) -> None:
    collection = Collection.load(first / "collection")
    known = json.loads((first / "known.json").read_text())
    assert [one.id for one in collection.nearest(collection.embeddings[3], 5)] == known["nearest"]
    assert collection.sprite(len(collection) - 1).size == (16, 16)


def test_both_work_together_and_are_saved_anew(first: Path, tmp_path: Path) -> None:
    engine = Engine.load(first / "model", first / "collection")
    assert engine.model_version == "first-smoke"
    assert len(engine.search("a ship", num=3)) == 3
    model = from_pretrained(first / "model")
    save_pretrained(model, tmp_path / "model", dict(model.facts))
    again = from_pretrained(tmp_path / "model")
    for name, weight in model.named_parameters():
        assert torch.equal(weight, again.get_parameter(name)), name
