"""The engine on a tiny model with random weights and a tiny collection."""

from __future__ import annotations

import math
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engrave.checkpoint import save_pretrained
from engrave.collection import Collection
from engrave.engine import Engine
from engrave.errors import CheckpointError, CollectionError, PictureError, PromptError
from engrave.model.multimodal import MultimodalModel
from tests.tiny import tiny_collection, tiny_sprites


@pytest.fixture
def engine(tiny_model: MultimodalModel) -> Engine:
    """An engine over 30 random engravings."""
    return Engine(tiny_model, tiny_collection())


@pytest.fixture
def picture() -> Image.Image:
    """A grey ramp, wider than high."""
    ramp = np.tile(np.linspace(0, 255, 90, dtype=np.uint8), (50, 1))
    return Image.fromarray(ramp)


def pixels(image: Image.Image) -> list[int]:
    return list(image.tobytes())


def make(engine: Engine, **wish: Any) -> list[Image.Image]:
    quick = {"steps": 2, "num": 1, "describe": False} | wish
    return [plate.image for plate in engine.generate("a ship", **quick)]


def test_a_caption_has_candidates_best_first(engine: Engine, picture: Image.Image) -> None:
    answer = engine.caption(picture, num=3, num_neighbours=5)
    assert 1 <= len(answer.candidates) <= 3
    chances = [candidate.probability for candidate in answer.candidates]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < candidate.probability <= 1 for candidate in answer.candidates)
    assert all(-1.001 <= candidate.match <= 1.001 for candidate in answer.candidates)
    assert len(answer.neighbours) == 5


def test_the_match_is_the_cosine_of_picture_and_text(engine: Engine, picture: Image.Image) -> None:
    best = engine.caption(picture).candidates[0]
    cosine = engine.embed_images([picture])[0] @ engine.embed_texts([best.text])[0]
    assert best.match == pytest.approx(cosine, abs=1e-4)


def test_a_latent_has_norm_1(engine: Engine, picture: Image.Image) -> None:
    latent = engine.encode(picture)
    assert latent.shape == (48,) and latent.dtype == np.float32
    assert np.linalg.norm(latent) == pytest.approx(1, abs=1e-3)


def test_embeddings_have_norm_1_and_a_row_each(engine: Engine, picture: Image.Image) -> None:
    for rows in (engine.embed_texts(["a", "b c"]), engine.embed_images([picture, picture])):
        assert rows.shape == (2, 32)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert engine.embed_images([]).shape == engine.embed_texts([]).shape == (0, 32)


def test_a_text_embeds_alike_alone_and_in_company(engine: Engine) -> None:
    alone = engine.embed_texts(["a ship"])
    together = engine.embed_texts(["a ship", "a very long text about a ship"])
    np.testing.assert_array_equal(alone[0], together[0])


def test_a_plate_is_the_same_whatever_the_number(engine: Engine) -> None:
    three = make(engine, num=3, seed=5)
    last = make(engine, num=1, seed=7)
    assert pixels(three[2]) == pixels(last[0])


def test_the_same_seed_gives_the_same_pixels_and_another_does_not(engine: Engine) -> None:
    assert pixels(make(engine, seed=1)[0]) == pixels(make(engine, seed=1)[0])
    assert pixels(make(engine, seed=1)[0]) != pixels(make(engine, seed=2)[0])


def test_a_plate_tells_how_it_was_made(engine: Engine) -> None:
    wish: dict[str, Any] = {"num": 2, "seed": 9, "guidance": 1.5, "steps": 2, "num_neighbours": 3}
    second = list(engine.generate(" a  ship\n", **wish))[1]
    assert (second.text, second.seed, second.guidance, second.steps) == ("a ship", 10, 1.5, 2)
    assert second.caption and len(second.neighbours) == 3
    assert second.image.mode == "L" and second.image.size == (64, 64)
    facts = second.facts()
    assert facts["seed"] == "10" and facts["prompt"] == "a ship" and facts["guidance"] == "1.5"
    assert facts["model_version"] == engine.model_version
    again = next(engine.generate(second.text, num=1, seed=second.seed, guidance=1.5, steps=2))
    assert pixels(again.image) == pixels(second.image)


def test_seeds_go_round_at_their_end(engine: Engine) -> None:
    plates = engine.generate("", num=2, seed=2**32 - 1, steps=1, describe=False)
    assert [plate.seed for plate in plates] == [2**32 - 1, 0]


def test_an_empty_prompt_gives_a_picture_and_a_caption_of_one_latent(engine: Engine) -> None:
    plate = next(engine.generate("", num=1, seed=3, steps=2))
    assert plate.text == "" and plate.caption
    assert pixels(engine.decode(plate.latent[None])[0]) == pixels(plate.image)


@pytest.mark.parametrize("text", ["🚢🌊", "سفينة في عاصفة"])
def test_emoji_and_right_to_left_prompts_are_drawn(engine: Engine, text: str) -> None:
    assert next(engine.generate(text, num=1, steps=1, describe=False)).text == text


@pytest.mark.parametrize(
    "wish",
    [
        {"num": 0},
        {"num": 99},
        {"num": math.nan},
        {"seed": -1},
        {"seed": 2**32},
        {"guidance": math.nan},
        {"steps": 0},
        {"num_neighbours": -1},
    ],
)
def test_wrong_numbers_are_refused_before_any_work(engine: Engine, wish: dict[str, Any]) -> None:
    with pytest.raises(PromptError, match="choose a"):
        engine.generate("a ship", **wish)


def test_five_thousand_words_are_refused(engine: Engine) -> None:
    with pytest.raises(PromptError, match="shorten"):
        engine.generate("ship " * 5000)


def test_progress_rises_and_a_closed_generator_stops(engine: Engine) -> None:
    told: list[float] = []
    plates = engine.generate("a ship", num=4, steps=1, progress=lambda share, _: told.append(share))
    next(plates)
    plates.close()  # type: ignore[attr-defined]
    assert told == sorted(told) and 0 < len(told) and told[-1] < 0.5
    assert make(engine)  # and the model is free again


def test_what_progress_raises_stops_the_walk(engine: Engine) -> None:
    def stop(share: float, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.walk("text:a", "text:b", frames=3, steps=1, progress=stop)
    assert make(engine)


def test_threads_share_the_engine(engine: Engine) -> None:
    alone = pixels(make(engine, seed=4)[0])
    found: list[list[int]] = []
    threads = [Thread(target=lambda: found.append(pixels(make(engine, seed=4)[0]))) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3


@pytest.mark.parametrize("mode", ["prior", "direct"])
@pytest.mark.parametrize("curve", ["slerp", "lerp"])
def test_a_walk_starts_at_a_and_ends_at_b(engine: Engine, mode: str, curve: str) -> None:
    a, b = engine.latent_of("text:a ship", steps=2), engine.collection.items[3].id
    walk = engine.walk(a, b, frames=6, mode=mode, curve=curve, steps=2, caption_every=2)
    assert len(walk.frames) == len(walk.latents) == 6
    assert (walk.mode, walk.curve) == (mode, curve)
    np.testing.assert_allclose(walk.latents[0], a, atol=1e-5)
    assert sorted(walk.captions) == [0, 2, 4, 5]
    assert engine.walk(a, b, frames=3, steps=1, caption_every=0).captions == {}
    assert pixels(walk.frames[2]) == pixels(engine.decode(walk.latents[:4])[2])


@pytest.mark.parametrize(
    ("wish", "match"),
    [
        ({"frames": 2}, "number of frames is 2"),
        ({"frames": 121}, "from 3 to 120"),
        ({"mode": "jump"}, "choose prior or direct or graph"),
        ({"curve": "line"}, "choose slerp or lerp"),
        ({"seed": math.nan}, "seed is nan"),
    ],
)
def test_a_wrong_walk_is_refused(engine: Engine, wish: dict[str, Any], match: str) -> None:
    with pytest.raises(PromptError, match=match):
        engine.walk("text:a", "text:b", **wish)


def test_an_end_of_a_walk_needs_words(engine: Engine) -> None:
    with pytest.raises(PromptError, match="text is empty"):
        engine.latent_of("text: ")


def test_ends_come_from_pictures_ids_texts_and_latents(
    engine: Engine, picture: Image.Image, tmp_path: Path
) -> None:
    picture.save(tmp_path / "ramp.png")
    encoded = engine.encode(picture)
    np.testing.assert_array_equal(engine.latent_of(picture), encoded)
    np.testing.assert_array_equal(engine.latent_of(tmp_path / "ramp.png"), encoded)
    np.testing.assert_array_equal(engine.latent_of(encoded), encoded)
    item = engine.collection.items[4]
    np.testing.assert_array_equal(engine.latent_of(item.id), engine.collection.latents[4])
    text = engine.latent_of("text:a ship", seed=2, steps=2)
    plate = next(engine.generate("a ship", num=1, seed=2, steps=2))
    np.testing.assert_array_equal(text, plate.latent)


def test_a_string_is_never_opened_as_a_file(engine: Engine, tmp_path: Path) -> None:
    Image.new("L", (40, 40)).save(tmp_path / "secret.png")
    with pytest.raises(PictureError, match=r"no engraving of the collection called .*secret\.png"):
        engine.latent_of(str(tmp_path / "secret.png"))


@pytest.mark.parametrize("latent", [np.zeros(7), np.full(48, np.nan)])
def test_a_latent_of_another_shape_is_refused(engine: Engine, latent: np.ndarray) -> None:
    with pytest.raises(PromptError, match="must be 48 finite numbers"):
        engine.latent_of(latent)


def test_search_ranks_by_the_text(engine: Engine) -> None:
    found = engine.search("a ship", num=4)
    best = np.argmax(engine.collection.embeddings @ engine.embed_texts(["a ship"])[0])
    assert len(found) == 4 and found[0].index == best
    with pytest.raises(PromptError, match="The text is empty"):
        engine.search("  ")


def test_neighbours_take_latents_and_embeddings(engine: Engine, picture: Image.Image) -> None:
    latent = engine.encode(picture)
    embedding = engine.embed(latent[None])[0]
    assert engine.neighbours(latent, 3) == engine.neighbours(embedding, 3)
    nearest = engine.neighbours(latent, 1)[0].index
    assert nearest not in {n.index for n in engine.neighbours(latent, 30, exclude=nearest)}
    assert engine.place(latent) == pytest.approx(engine.place(embedding), abs=1e-4)


def test_an_original_is_decoded_from_its_latent(engine: Engine) -> None:
    assert engine.original(2).size == (64, 64)
    with pytest.raises(CollectionError, match="no engraving number 30"):
        engine.original(30)


def test_without_a_collection_there_are_no_neighbours(
    tiny_model: MultimodalModel, picture: Image.Image
) -> None:
    engine = Engine(tiny_model, Collection())
    assert engine.caption(picture, num=1).neighbours == ()
    assert engine.search("a ship") == ()
    assert next(engine.generate("a ship", num=1, steps=1)).neighbours == ()


def test_a_collection_of_another_model_is_refused(
    tiny_model: MultimodalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CollectionError, match=r"have 16 numbers and the model's have 32"):
        Engine(tiny_model, tiny_collection(embedding_width=16))
    monkeypatch.setattr(tiny_model, "facts", {"version": "two"})
    with pytest.raises(CollectionError, match="made by model one and the model is two"):
        Engine(tiny_model, tiny_collection(model_version="one"))


def test_loading_finds_folders_given_or_named_by_the_environment(
    tiny_model: MultimodalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pretrained(tiny_model, tmp_path / "model", {"version": "tiny-1"})
    tiny_collection().save(tmp_path / "collection", tiny_sprites())
    given = Engine.load(tmp_path / "model", tmp_path / "collection")
    assert (given.model_version, given.preset, len(given.collection)) == ("tiny-1", "smoke", 30)
    monkeypatch.setenv("ENGRAVE_MODEL", str(tmp_path / "model"))
    monkeypatch.setenv("ENGRAVE_COLLECTION", str(tmp_path / "collection"))
    assert len(Engine.load().collection) == 30
    with pytest.raises(CheckpointError):
        Engine.load(tmp_path / "nowhere")
    with pytest.raises(CollectionError, match=r"holds no collection\.json"):
        Engine.load(None, tmp_path / "nowhere")


def test_a_missing_collection_of_ours_is_an_empty_one(
    tiny_model: MultimodalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pretrained(tiny_model, tmp_path / "model", {})
    monkeypatch.delenv("ENGRAVE_MODEL", raising=False)
    monkeypatch.delenv("ENGRAVE_COLLECTION", raising=False)
    monkeypatch.setattr("engrave.places.ASSETS", tmp_path)
    engine = Engine.load()
    assert len(engine.collection) == 0 and engine.model_version == "unknown"
