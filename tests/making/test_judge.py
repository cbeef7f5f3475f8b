"""Verdicts, the lexicon and the directions: figures that can be worked out by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from engrave.answers import Verdict
from engrave.collection import Collection
from engrave.config import ModelConfig
from engrave.engine import Engine
from engrave.making.directions import ends_of, find_directions, on_sphere
from engrave.making.judge import Judge, fit_words, novelty_words, unseen_words
from engrave.making.lexicon import Lexicon
from engrave.model.multimodal import MultimodalModel
from tests.tiny import tiny_collection, tiny_item


class Axes:
    """Embeds text number k as axis k, so that cosines are known."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return a unit vector by the number that each text begins with."""
        return np.eye(8, dtype=np.float32)[[int(text.split()[0]) for text in texts]]


def numbered(splits: Sequence[str]) -> Collection:
    """Return engravings whose caption k fits by 0.1 k."""
    items, rows = [], []
    for k, split in enumerate(splits):
        items.append(dataclasses.replace(tiny_item(k), caption=f"{k} ship", split=split))
        row = np.zeros(8)
        row[k], row[7] = 0.1 * k, np.sqrt(1 - (0.1 * k) ** 2)
        rows.append(row)
    return Collection(items, latents=np.array(rows), embeddings=np.array(rows))


def test_fit_is_measured_by_held_out_captions_only() -> None:
    collection = numbered(["train", "validation", "validation", "train", "validation"])
    judge = Judge(collection, Lexicon(()))
    np.testing.assert_allclose(judge.fits(Axes()), [0.1, 0.2, 0.4], atol=1e-6)
    picture = np.zeros(8, np.float32)
    picture[0], picture[7] = 0.3, np.sqrt(1 - 0.09)
    near = collection.nearest(picture, 2)
    verdict = judge.verdict("0 a ship", near, "a ship", picture, Axes())
    assert verdict.fit == pytest.approx(0.3) and verdict.better == pytest.approx(2 / 3)
    assert "67 % of real captions" in fit_words(verdict)
    assert f"likeness {near[0].similarity:.2f}" in novelty_words(verdict)


def test_novelty_is_measured_by_the_collection_below(tiny_model: MultimodalModel) -> None:
    rng = np.random.default_rng(5)

    def own(count: int) -> Collection:
        vectors = {
            "latents": rng.normal(size=(count, 48)),
            "embeddings": rng.normal(size=(count, 32)),
        }
        return Collection([tiny_item(row) for row in range(count)], **vectors)

    engine, five = Engine(tiny_model, tiny_collection()), own(5)
    wish = {"num": 1, "steps": 2}
    (before,) = engine.generate("a ship", **wish)
    (plate,) = engine.with_collection(five).generate("a ship", **wish)
    assert plate.verdict.likeness == plate.neighbours[0].similarity != before.verdict.likeness
    assert plate.verdict.closer == five.yardstick.measure(plate.neighbours[0].similarity).lonelier
    assert plate.verdict.read_back == before.verdict.read_back
    (lone,) = engine.with_collection(own(1)).generate("a ship", **wish)
    assert lone.neighbours and novelty_words(lone.verdict) == ""
    (bare,) = engine.with_collection(five).generate("a ship", describe=False, **wish)
    assert bare.verdict == Verdict()


def test_novelty_is_the_share_of_engravings_that_are_lonelier() -> None:
    collection = tiny_collection(30)
    judge = Judge(collection, Lexicon(()))
    for row in range(3):
        own = collection.nearest(collection.embeddings[row], 1, exclude=row)
        closer = judge.verdict("", own).closer
        others = [
            collection.nearest(collection.embeddings[k], 1, exclude=k)[0].similarity
            for k in range(30)
        ]
        assert closer == pytest.approx(
            np.mean(np.array(others) <= own[0].similarity + 1e-6), abs=0.04
        )


def test_nothing_is_said_where_nothing_is_known() -> None:
    verdict = Judge(Collection(), Lexicon(())).verdict("a smartphone", ())
    assert [novelty_words(verdict), fit_words(verdict), unseen_words(verdict)] == ["", "", ""]


def test_unseen_words_are_those_of_no_training_text() -> None:
    items = [
        dataclasses.replace(
            tiny_item(k), caption="A châlet by the lakes", printed="The LONDON bridge"
        )
        for k in range(3)
    ]
    items.append(dataclasses.replace(tiny_item(5), caption="an owl", split="train"))
    items.append(dataclasses.replace(tiny_item(6), caption="a zebra", split="validation"))
    lexicon = Lexicon.of(items)
    unseen, rare = lexicon.strange(
        "A chalet, a LAKE, London bridges, an owl and a smartphone, a zebra"
    )
    assert unseen == ("and", "smartphone", "zebra") and rare == ("owl",)
    assert lexicon.strange("1850 мир") == (("мир",), ())
    assert lexicon.strange("") == ((), ())


def test_unseen_words_are_named() -> None:
    lexicon = Lexicon(["a ship"] * 3)
    verdict = Judge(Collection(), lexicon).verdict("a ship, robot or drone", ())
    assert "“robot”" in unseen_words(verdict) and "“drone”" in unseen_words(verdict)
    assert "ship" not in unseen_words(verdict)


def test_the_ends_of_a_direction_are_named_by_its_captions() -> None:
    captions = ["a bird sings"] * 20 + ["a tower stands"] * 20 + ["a bird by a tower"] * 5
    scores = np.array([-1.0] * 20 + [1.0] * 20 + [0.0] * 5)
    low, high = ends_of(scores, captions)
    assert "bird" in low and "tower" in high


def test_directions_are_the_same_each_time_and_subjects_have_their_own() -> None:
    collection = tiny_collection(120)
    once, again = (find_directions(collection, 32) for _ in range(2))
    assert [one.name for one in once] == [one.name for one in again]
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.step_L, other.step_L)
    assert {"principal 1", "subject sea", "subject people"} <= {one.name for one in once}
    assert find_directions(tiny_collection(5), 32) == ()


def test_the_sphere_is_that_of_the_model(tiny_model: MultimodalModel) -> None:
    engine = Engine(tiny_model, tiny_collection())
    latent = engine.latent_of("text:a ship", steps=2)
    np.testing.assert_allclose(on_sphere(latent, engine.config), latent, atol=2e-4)
    np.testing.assert_allclose(on_sphere(3 * latent, engine.config), latent, atol=2e-4)
    wide = on_sphere(np.random.default_rng(0).normal(size=1024), ModelConfig.named("small"))
    assert np.linalg.norm(wide) == pytest.approx(1, abs=1e-5)


def test_a_plate_is_judged_by_its_pixels(tiny_model: MultimodalModel) -> None:
    engine = Engine(tiny_model, tiny_collection())
    plate = next(engine.generate("a smartphone", num=1, steps=2))
    seen = engine.embed_images([plate.image])[0]
    fit = float(engine.embed_texts(["a smartphone"])[0] @ seen)
    assert plate.verdict.fit == pytest.approx(fit, abs=1e-4)
    assert plate.verdict.unseen == ("smartphone",)
    assert plate.verdict.read_back == engine.words(engine.encode(plate.image)[None])[0]
