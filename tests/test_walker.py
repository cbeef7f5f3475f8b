"""Walks through keyframes, with a model that draws and with the real one at tiny size."""

from typing import Any

import numpy as np
import pytest

from engrave.answers import Walk
from engrave.collection import Collection
from engrave.engine import Engine
from engrave.errors import CollectionError, PromptError
from engrave.model.multimodal import MultimodalModel
from engrave.walks import Keyframe, Recipe
from engrave.walks.graph import stops_between
from engrave.walks.pace import unevenness
from engrave.walks.recipe import from_json, to_json
from engrave.walks.walker import Walker, checksum
from tests.fake_studio import FakeStudio, latent_from
from tests.fakes import fake_engine
from tests.tiny import tiny_collection

ENGINE = fake_engine()
TEXTS = ("text:a ship", "text:an owl", "text:a tower")


def keyframes(*sources: str, hold_s: float = 0.0) -> tuple[Keyframe, ...]:
    """Return keyframes of sources."""
    return tuple(Keyframe(source=source, hold_s=hold_s) for source in sources)


def walk(**settings: object) -> Walk:
    """Walk through three texts."""
    recipe = Recipe(**({"keyframes": keyframes(*TEXTS)} | settings))  # type: ignore[arg-type]
    return ENGINE.walk_through(recipe)


@pytest.mark.parametrize("loop", ["once", "back", "closed"])
@pytest.mark.parametrize("pace", ["even", "time"])
def test_a_walk_calls_at_every_keyframe(loop: str, pace: str) -> None:
    found = walk(loop=loop, pace=pace, frames=20)
    assert len(found.frames) == len(found.latents) == len(found.nearest) == 20
    assert len(found.stops) == 3 and found.stops[0] == 0
    assert (found.stops[2] == 19) == (loop != "closed")
    for at, source in zip(found.stops, TEXTS, strict=True):
        np.testing.assert_allclose(found.latents[at], ENGINE.latent_of(source), atol=1e-5)
    assert set(found.captions) == set(range(20))


def test_even_pace_evens_the_steps() -> None:
    even, timed = walk(frames=24), walk(frames=24, pace="time")
    assert even.pace.before == timed.pace.before == timed.pace.after
    assert unevenness(even.pace.after) < 0.5 * unevenness(even.pace.before)


def test_a_closed_walk_steps_back_to_its_start() -> None:
    found = walk(loop="closed", frames=12)
    assert len(found.pace.after) == 12 and len(found.timeline) == 12
    assert walk(loop="once", frames=12).pace.after[10:] != ()
    assert len(walk(loop="once", frames=12).pace.after) == 11


def test_easing_slows_at_the_keyframes() -> None:
    steps = walk(frames=25, easing="in-out").pace.after
    assert steps[0] < 0.5 * max(steps) and steps[-1] < 0.5 * max(steps)


def test_holds_stand_still_in_the_film_only() -> None:
    found = ENGINE.walk_through(
        Recipe(keyframes=keyframes(*TEXTS, hold_s=0.5), frames=9, fps=10, loop="once")
    )
    assert len(found.frames) == 9 and len(found.timeline) == 9 + 3 * 5
    assert found.timeline[:6] == (0,) * 6 and found.timeline[-6:] == (8,) * 6


def test_a_way_over_engravings_calls_at_them() -> None:
    items = ENGINE.collection.items
    ends = (items[0].id, items[5].id)
    found = ENGINE.walk_through(Recipe(keyframes=keyframes(*ends), modes=("graph",), frames=24))
    assert found.passed, "these two are not neighbours"
    for at, row in found.passed.items():
        np.testing.assert_allclose(found.latents[at], ENGINE.collection.latents[row], atol=1e-5)
    with pytest.raises(PromptError, match="too few"):
        ENGINE.walk_through(Recipe(keyframes=keyframes(*ends), modes=("graph",), frames=3))


class Torn(FakeStudio):
    """A model whose way has a gap in the middle."""

    def path(self, a: np.ndarray, b: np.ndarray, **settings: Any) -> np.ndarray:
        """Stand near a, then near b."""
        shares = np.array(settings["shares"], np.float32)[:, None]
        return np.where(shares < 0.5, a, b) + 0.001 * shares


def test_a_jump_is_told() -> None:
    recipe = Recipe(keyframes=keyframes(*TEXTS[:2]), frames=12)
    latents = [ENGINE.latent_of(source) for source in TEXTS[:2]]
    pace = Walker(Torn(), ENGINE.collection, recipe, latents).walk().pace
    assert int(np.argmax(pace.after)) in pace.jumps


def test_the_same_recipe_makes_the_same_pixels_through_json() -> None:
    upload = Keyframe(latent=latent_from("an upload"), words="an upload")
    recipe = Recipe(keyframes=(*keyframes(*TEXTS[:2]), upload), frames=9)
    one = ENGINE.walk_through(recipe)
    other = ENGINE.walk_through(from_json(to_json(recipe)))
    assert checksum(one.frames) == checksum(other.frames)


def test_a_recipe_of_another_model_is_refused() -> None:
    with pytest.raises(PromptError, match="of model other and the model here is fake-1"):
        walk(model_version="other")


def test_captions_stand_at_keyframes_and_between() -> None:
    recipe = Recipe(keyframes=keyframes(*TEXTS), frames=20)
    found = ENGINE.walk_through(recipe, caption_every=6)
    assert set(found.captions) == {0, 6, 12, 18, 19, *found.stops}
    assert ENGINE.walk_through(recipe, caption_every=0).captions == {}


def test_progress_rises_to_the_end() -> None:
    told: list[float] = []
    recipe = Recipe(keyframes=keyframes(*TEXTS), frames=12)
    ENGINE.walk_through(recipe, progress=lambda share, _: told.append(share))
    assert told == sorted(told) and told[-1] > 0.9


def test_no_collection_no_way_over_it() -> None:
    with pytest.raises(CollectionError, match="needs a collection"):
        stops_between(Collection(), latent_from("a"), latent_from("b"))


def test_the_real_model_walks_again_to_the_last_pixel(tiny_model: MultimodalModel) -> None:
    engine = Engine(tiny_model, tiny_collection())
    modes = ("prior", "graph", "direct")
    recipe = Recipe(keyframes=keyframes(*TEXTS), modes=modes, frames=17, steps=2, loop="closed")
    found = engine.walk_through(recipe, caption_every=0)
    assert len(found.frames) == len(found.nearest) == len(found.pace.after) == 17
    again = engine.walk_through(from_json(to_json(recipe)), caption_every=0)
    assert checksum(found.frames) == checksum(again.frames)
