"""Recipes, timing and pace of walks: plain arithmetic, no model."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engrave.errors import PromptError
from engrave.limits import EASINGS
from engrave.walks import Keyframe, Recipe
from engrave.walks.graph import neighbour_graph, shortest, stops_between
from engrave.walks.pace import Stretch, jumps, step_sizes, unevenness
from engrave.walks.recipe import from_json, from_page, to_json
from engrave.walks.timeline import as_vtt, cues, runs, timeline
from engrave.walks.timing import apportion, ease, positions, unease
from tests.fake_studio import latent_from, unit
from tests.fakes import fake_engine

THREE = tuple(Keyframe(source=f"text:{name}") for name in ("a ship", "an owl", "a tower"))


@pytest.mark.parametrize("easing", EASINGS)
def test_easing_rises_from_0_to_1_and_can_be_undone(easing: str) -> None:
    u = np.linspace(0, 1, 33)
    eased = ease(easing, u)
    assert (eased[0], eased[-1]) == (0, 1) and (np.diff(eased) > 0).all()
    np.testing.assert_allclose(unease(easing, eased), u, atol=2e-3)


def test_steps_are_shared_by_weight_and_none_gets_too_few() -> None:
    assert apportion(10, [1, 1, 2], [1, 1, 1]) == [3, 2, 5]
    assert apportion(6, [0, 0, 1], [2, 1, 1]) == [2, 1, 3]
    assert sum(apportion(47, [0.1, 3.7, 2.2, 0.0], [1, 1, 1, 1])) == 47
    with pytest.raises(ValueError, match="cannot fill"):
        apportion(2, [1, 1, 1], [1, 1, 1])


@pytest.mark.parametrize("easing", EASINGS)
def test_frames_stand_on_every_joint_and_go_one_way(easing: str) -> None:
    rows = positions([1.0, 3.0], 12, easing)
    assert sum(len(row) - 1 for row in rows) == 12
    for row in rows:
        assert (row[0], row[-1]) == (0, 1) and (np.diff(row) > 0).all()


def test_linear_steps_are_alike_over_stretches_of_unlike_length() -> None:
    short, long = positions([1.0, 3.0], 12, "linear")
    np.testing.assert_allclose(np.diff(short), 1 / 3)
    np.testing.assert_allclose(np.diff(long), 1 / 9)


def test_a_stretch_finds_shares_that_change_evenly() -> None:
    def features(t: np.ndarray) -> np.ndarray:
        return np.stack([t**3, np.zeros_like(t)], axis=1)

    stretch = Stretch()
    coarse = np.linspace(0, 1, 17)
    stretch.learn(coarse, features(coarse))
    even = stretch.shares_at(np.linspace(0, 1, 17))
    before, after = (unevenness(step_sizes(features(t))) for t in (coarse, even))
    assert after < 0.3 * before
    stretch.learn(even, features(even))
    again = stretch.shares_at(np.linspace(0, 1, 17))
    assert unevenness(step_sizes(features(again))) < after
    assert stretch.length == pytest.approx(1)


def test_a_stretch_without_change_is_walked_by_time() -> None:
    stretch = Stretch()
    stretch.learn(np.array([0.0, 1.0]), np.zeros((2, 3)))
    np.testing.assert_array_equal(stretch.shares_at(np.array([0, 0.5, 1])), [0, 0.5, 1])


def test_jumps_are_steps_of_twice_the_usual_size() -> None:
    assert jumps([1, 1.1, 2.3, 0.9, 1]) == (2,)
    assert jumps([1, 1, 1.9, 1]) == () and jumps([0, 0]) == () and jumps([]) == ()


def test_a_film_holds_keyframes_and_walks_back() -> None:
    assert timeline(4, {}, 10, "once") == (0, 1, 2, 3)
    assert timeline(4, {}, 10, "back") == (0, 1, 2, 3, 2, 1)
    assert timeline(3, {0: 0.2, 2: 0.1}, 10, "back") == (0, 0, 0, 1, 2, 2, 1)
    assert runs((0, 0, 0, 1, 2, 2, 1)) == [(0, 3), (1, 1), (2, 2), (1, 1)]


def test_cues_meet_and_the_same_words_are_one() -> None:
    told = {0: "a ship", 2: "a ship", 3: "an owl"}
    found = cues((0, 1, 2, 3, 3, 2), told, 2)
    assert [(cue.start_s, cue.end_s, cue.words) for cue in found] == [
        (0, 1.5, "a ship"), (1.5, 2.5, "an owl"), (2.5, 3, "a ship"),
    ]  # fmt: skip


def test_a_track_of_captions_is_web_vtt() -> None:
    text = as_vtt((0, 1), {0: "a <b> & c\n\nd", 1: "an owl"}, 1, "made by a model")
    assert text.startswith("WEBVTT\n\nNOTE made by a model\n\n1\n00:00:00.000 --> 00:00:01.000\n")
    assert "a &lt;b&gt; &amp; c d\n\n2\n00:00:01.000 --> 00:00:02.000\nan owl\n" in text


def test_a_recipe_comes_back_from_json_as_it_was() -> None:
    latent = latent_from("x")
    frames = (*THREE[:2], Keyframe(latent=latent, words="an upload", hold_s=0.5))
    recipe = Recipe(
        keyframes=frames, modes=("prior", "graph", "direct"), loop="closed", frames=30,
        easing="in-out", model_version="m-1", pixels="ab",
    )  # fmt: skip
    again = from_json(to_json(recipe))
    assert to_json(again) == to_json(recipe)
    assert again.keyframes[2].latent is not None
    assert again.keyframes[2].latent.tobytes() == latent.tobytes()
    assert again.segments == ((0, 1, "prior"), (1, 2, "graph"), (2, 0, "direct"))


def page(**change: Any) -> dict[str, Any]:
    """Return a recipe as decoded JSON, changed."""
    return json.loads(to_json(Recipe(keyframes=THREE))) | change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "film"}, "no recipe of a walk"),
        ({"format": 2}, "no recipe of a walk"),
        ({"keyframes": {}}, "must be lists"),
        ({"keyframes": ["text:a"]}, "Keyframe 1 of the recipe is no object"),
        ({"keyframes": [{"source": "text:a"}]}, "number of keyframes is 1"),
        ({"keyframes": [{"source": "text:a"}] * 9}, "from 2 to 8"),
        ({"keyframes": [{"source": "text:a"}, {}]}, "keyframe is empty"),
        ({"keyframes": [{"latent": "@"}, {}]}, "latent of keyframe 1 is damaged"),
        ({"keyframes": [{"latent": "AAAA"}, {}]}, "latent of keyframe 1 is damaged"),
        ({"keyframes": [{"latent": "AAAAAA=="}, {}]}, "norm 0 and needs 1"),
        ({"keyframes": [{"sauce": "text:a"}, {}]}, "has 'sauce', which nobody knows"),
        ({"keyframes": [{"source": "text:a", "seed": "x"}, {}]}, "seed is 'x'"),
        ({"keyframes": [{"source": "text:a", "hold_s": 99}, {}]}, "hold in seconds is 99"),
        ({"frames": 2}, "number of frames is 2"),
        ({"frames": True}, "number of frames is 1"),
        ({"modes": ["prior"] * 3}, "3 modes came for 2 segments"),
        ({"modes": ["fly"]}, "mode is 'fly'"),
        ({"pace": "slow"}, "choose even or time"),
        ({"easing": ["in"]}, "easing is"),
        ({"loop": "twice"}, "choose once or back or closed"),
        ({"tempo": 3}, "has 'tempo', which nobody knows"),
    ],
)
def test_a_wrong_recipe_gets_a_sentence(change: dict[str, Any], match: str) -> None:
    with pytest.raises(PromptError, match=match):
        from_page(page(**change))


@pytest.mark.parametrize("text", ["", "[]", "{", b"\xff\xfe", "null", '"x"', "[" * 100_000])
def test_what_is_no_json_gets_a_sentence(text: str | bytes) -> None:
    with pytest.raises(PromptError, match="This"):
        from_json(text)


def test_too_few_frames_for_the_keyframes() -> None:
    with pytest.raises(PromptError, match="choose 4 or more"):
        Recipe(keyframes=THREE, frames=3, loop="closed")


def test_the_graph_holds_together_and_its_ways_are_of_near_steps() -> None:
    rng = np.random.default_rng(0)
    groups = unit(rng.normal(size=(2, 16)))
    rows = unit(np.repeat(groups, 40, axis=0) + 0.05 * rng.normal(size=(80, 16)))
    graph = neighbour_graph(rows, 3)  # 3 neighbours alone leave two islands
    way = shortest(graph, 0, 79)
    assert (way[0], way[-1]) == (0, 79) and len(set(way)) == len(way)
    assert all(graph[one, other] > 0 for one, other in pairwise(way))


def test_stops_are_engravings_between_and_never_the_ends() -> None:
    collection = fake_engine().collection
    a, b = collection.embeddings[0], collection.embeddings[3]
    rows = stops_between(collection, a, b)
    assert len(rows) <= 4 and not {0, 3} & set(rows)
    near = [float(collection.embeddings[row] @ a) for row in rows]
    assert near == sorted(near, reverse=True) or len(rows) < 2
    assert stops_between(collection, a, a) == []
