"""Trust, clusters, questions and ground of a map, on clouds of points made here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engrave.collection import Collection
from engrave.collection.clusters import LONE, by_size, find_clusters, medoids, name_clusters
from engrave.collection.ground import along, around, blend
from engrave.collection.insight import Insights
from engrave.collection.names import Given, settled
from engrave.collection.queries import (
    Company,
    Part,
    Yardstick,
    blended,
    blocks_of,
    cosines_of,
    scores,
)
from engrave.collection.trust import true_neighbours, trust
from engrave.collection.vectors import unit
from engrave.errors import CollectionError
from tests.tiny import tiny_collection

SIZES = (40, 30, 20)


def scored(embeddings: np.ndarray, parts: list[Part]) -> np.ndarray:
    """Return the scores of engravings for a question."""
    return scores(cosines_of(blocks_of(embeddings), len(embeddings), parts), parts)


@pytest.fixture
def clouds() -> tuple[np.ndarray, np.ndarray]:
    """Three clouds on a map, and which one each point is from."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), SIZES)
    centres = np.array([[0, 0], [10, 0], [0, 10]])
    return (centres[groups] + rng.normal(scale=0.3, size=(90, 2))).astype(np.float32), groups


def test_a_faithful_map_is_trusted_and_a_shuffled_one_is_not() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert trust(circle, circle).min() == 1
    shuffled = np.random.default_rng(1).permutation(circle)
    assert trust(circle, shuffled).mean() == pytest.approx(50 / 199, abs=0.05)


def test_true_neighbours_agree_with_a_full_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engrave.collection.trust.CELLS", 300 * 128)  # blocks of 128 rows
    rows = unit(np.random.default_rng(2).normal(size=(300, 8)))
    found = true_neighbours(rows, 4)
    for row in (0, 127, 128, 299):
        order = [one for one in np.argsort(-(rows @ rows[row])) if one != row]
        assert set(found[row]) == set(order[:4])


def test_one_engraving_is_trusted() -> None:
    assert trust(np.ones((1, 4)), np.ones((1, 2))).tolist() == [1]


def test_clouds_become_clusters(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    places, groups = clouds
    labels = find_clusters(places)
    for label in range(labels.max() + 1):
        assert len(set(groups[labels == label])) == 1  # no cluster reaches over two clouds
    assert set(groups[labels >= 0]) == {0, 1, 2}


def test_a_handful_of_points_has_no_clusters() -> None:
    assert find_clusters(np.zeros((5, 2))).tolist() == [-1] * 5


def test_clusters_are_numbered_by_size() -> None:
    assert by_size(np.array([4, 4, 7, 7, 7, -1])).tolist() == [1, 1, 0, 0, 0, -1]


def test_names_are_the_words_that_set_a_cluster_apart() -> None:
    captions = ["a ship at sea", "two ships by the sea", "an owl at night", "the owl by a tree"]
    names = name_clusters(np.array([0, 0, 1, 1]), captions)
    assert "sea" in names[0] and "owl" in names[1]
    assert "the" not in " ".join(names).split(", ")
    assert name_clusters(np.array([0]), ["12 of 34"]) == ["unnamed"]


def test_a_medoid_lies_in_the_middle() -> None:
    rows = unit(np.array([[1, 0], [1, 0.5], [1, 1], [-1, 0]], np.float32))
    assert medoids(np.array([0, 0, 0, 1]), rows) == [1, 3]


def test_an_insight_is_worked_out_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = tiny_collection(60)
    first = Insights(collection, tmp_path).get()

    def never(*_: object) -> None:
        raise AssertionError("worked out again")

    monkeypatch.setattr("engrave.collection.insight.trust", never)
    second = Insights(collection, tmp_path).get()
    np.testing.assert_array_equal(first.trust_N, second.trust_N)
    assert first.clusters == second.clusters and LONE not in {c.name for c in first.clusters}


def test_a_damaged_insight_is_worked_out_anew(tmp_path: Path) -> None:
    collection = tiny_collection(60)
    first = Insights(collection, tmp_path).get()
    (kept,) = tmp_path.glob("*insight.npz")
    kept.write_bytes(b"PK\x03\x04damaged")
    np.testing.assert_array_equal(Insights(collection, tmp_path).get().trust_N, first.trust_N)


def test_another_caption_or_place_is_another_insight() -> None:
    one, other = tiny_collection(30), tiny_collection(31)
    assert Insights(one).key != Insights(other).key


def cloudy(clouds: tuple[np.ndarray, np.ndarray]) -> Collection:
    """A collection whose map has clusters."""
    items = tiny_collection(90).items
    moved = [
        replace(item, x=float(x), y=float(y)) for item, (x, y) in zip(items, clouds[0], strict=True)
    ]
    rng = np.random.default_rng(3)
    return Collection(moved, latents=rng.normal(size=(90, 8)), embeddings=rng.normal(size=(90, 8)))


def test_a_name_of_ones_own_stays_and_can_be_taken_back(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    collection = cloudy(clouds)
    insights = Insights(collection, tmp_path)
    found = insights.get().clusters[1].name
    assert insights.rename(1, "  Ships   at sea ").clusters[1].name == "Ships at sea"
    assert Insights(collection, tmp_path).get().clusters[1].name == "Ships at sea"
    (page,) = tmp_path.glob("names-*.json")
    (given,) = json.loads(page.read_text())["names"]
    assert given["name"] == "Ships at sea" and len(given["members"]) > 8
    assert insights.rename(1, "").clusters[1].name == found
    with pytest.raises(CollectionError, match="no cluster 99"):
        insights.rename(99, "x")
    with pytest.raises(CollectionError, match="61 characters"):
        insights.rename(1, "x" * 61)


def changed(collection: Collection, how: str) -> Collection:
    """Return what a collection is after an edit, an import, or a picture that was taken out."""
    items, rng = list(collection.items), np.random.default_rng(4)
    if how == "edit":
        items[0] = replace(items[0], caption="a ship, without the typo")
    elif how == "import":  # a larger crowd than all before, so that every number is another one
        items += [
            replace(items[0], id=f"new-{k}", x=float(x), y=float(y))
            for k, (x, y) in enumerate(rng.normal(loc=30, scale=0.3, size=(60, 2)))
        ]
    else:
        del items[0]
    count = len(items)
    vectors = {"latents": rng.normal(size=(count, 8)), "embeddings": rng.normal(size=(count, 8))}
    return Collection(items, label=collection.label, **vectors)


@pytest.mark.parametrize("how", ["edit", "import", "taken out"])
def test_a_name_stays_with_its_engravings(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path, how: str
) -> None:
    before = cloudy(clouds)
    insights = Insights(before, tmp_path)
    found = insights.get()
    members = {before.items[row].id for row in np.flatnonzero(found.labels_N == 1)}
    insights.rename(1, "Ships at sea")
    after = changed(before, how)
    now = Insights(after, tmp_path).get()
    (number,) = (k for k, one in enumerate(now.clusters) if one.name == "Ships at sea")
    held = {after.items[row].id for row in np.flatnonzero(now.labels_N == number)}
    assert len(held & members) > len(members) / 2
    assert Insights(after, tmp_path).rename(number, "").clusters[number].name != "Ships at sea"
    again = Insights(before, tmp_path).get()
    assert "Ships at sea" not in [one.name for one in again.clusters]


def test_names_by_number_of_an_older_file_are_read_and_carried_on(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    insights = Insights(cloudy(clouds), tmp_path)
    found = insights.get().clusters
    (tmp_path / f"{insights.key}-names.json").write_text('{"1": "Old", "x": 3}')
    assert [one.name for one in insights.get().clusters] == [one.name for one in found]
    (tmp_path / f"{insights.key}-names.json").write_text('{"1": "Old"}')
    assert insights.get().clusters[1].name == "Old"
    named = insights.rename(0, "New").clusters
    assert [one.name for one in named[:2]] == ["New", "Old"]
    after = Insights(changed(insights.collection, "edit"), tmp_path).get().clusters
    assert [one.name for one in after[:2]] == ["New", "Old"]
    for damaged in ("", "[]", '{"names": 3}', '{"names": [{"name": "x"}]}'):
        next(tmp_path.glob("names-*.json")).write_text(damaged)
        assert insights.get().clusters == found


def test_two_names_for_one_cluster_and_none_for_a_scattered_one() -> None:
    given = [Given("few", ("a", "b")), Given("most", ("c", "d", "e")), Given("spread", ("a", "f"))]
    labels = {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0, "f": -1}
    assert settled(given, labels) == {0: "most"}
    assert settled([Given("torn", ("a", "x", "y"))], {"a": 0, "x": -1, "y": -1}) == {}
    assert settled([Given("gone", ("g",))], labels) == {}


def test_a_question_of_one_part_ranks_by_cosine() -> None:
    collection = tiny_collection()
    query = collection.embeddings[5]
    found, _ = collection.answers([Part(query)], 6)
    assert [one.index for one in found] == [n.index for n in collection.nearest(query, 6)]
    assert found[0].similarity == pytest.approx(1, abs=1e-5)


def test_less_of_something_pushes_it_down() -> None:
    collection = tiny_collection()
    one, other = collection.embeddings[3], collection.embeddings[8]
    both = scored(collection.embeddings, [Part(one), Part(other)])
    less = scored(collection.embeddings, [Part(one), Part(other, -1)])
    assert set(np.argsort(-both)[:2]) == {3, 8}
    assert np.argmax(less) == 3 and np.argmin(less) == 8


def test_weights_hold_where_one_part_spreads_less() -> None:
    rng = np.random.default_rng(4)
    rows = unit(np.concatenate([rng.normal(size=(400, 8)), rng.normal(size=(400, 8)) / 50], axis=1))
    loud, quiet = np.eye(16)[0], np.eye(16)[12]
    found = scored(rows, [Part(loud, 1), Part(quiet, 1)])
    assert np.corrcoef(found, rows @ loud)[0, 1] == pytest.approx(
        np.corrcoef(found, rows @ quiet)[0, 1], abs=0.05
    )


def test_no_question_has_no_answers() -> None:
    assert tiny_collection().answers([], 5)[0] == ()


def test_a_blend_lies_between_its_parts() -> None:
    mixed = blended([Part(np.array([1.0, 0.0])), Part(np.array([0.0, 1.0]))])
    np.testing.assert_allclose(mixed, [2**-0.5, 2**-0.5], atol=1e-6)


def test_nearness_is_measured_by_the_collections_own_distances() -> None:
    stick = Yardstick(np.linspace(0.5, 0.9, 200))
    assert stick.measure(0.95).lonelier == 1 and "at home" in stick.measure(0.95).words
    assert "edge" in stick.measure(0.6).words and not stick.measure(0.6).outside
    assert "far from what" in stick.measure(0.52).words
    assert stick.measure(0.4).outside and "outside" in stick.measure(0.4).words
    own = tiny_collection().yardstick
    assert own.measure(1.0).lonelier == 1


def test_a_stranger_is_told_by_its_meaning_from_the_ten_nearest() -> None:
    rng = np.random.default_rng(0)
    home = rng.normal(size=(300, 16)) + 4 * np.eye(16)[0]
    company = Company(home)
    assert not company.measure(home[5]).outside and "at" in company.measure(home[5]).words
    assert company.measure(-home[5]).outside
    # one twin alone is chance: the nine next to it are far
    lone = Company(np.concatenate([home, -home[:1]]))
    assert lone.measure(-home[0]).outside
    assert Company(home[:1]).measure(home[0]).lonelier == 1
    assert Company(home[:3]).num == 2


def test_around_and_blend_lean_on_the_nearest() -> None:
    collection = tiny_collection()
    places = collection.places  # point k lies at (k, -k)
    assert around(places, (7.1, -7.1), 3).tolist() == [7, 8, 6]
    latent = blend(collection.latents, places, (7.0, -7.0))
    assert np.argmax(collection.latents @ latent) == 7
    assert np.linalg.norm(latent) == pytest.approx(1, abs=1e-5)
    between = blend(collection.latents, places, (7.5, -7.5))
    assert set(np.argsort(-(collection.latents @ between))[:2]) == {7, 8}


def test_a_line_meets_engravings_in_order_and_none_twice() -> None:
    places = tiny_collection().places
    assert along(places, [0, 20], [0, -20], 5) == [0, 5, 10, 15, 20]
    crowded = along(places, [3, 3.5], [-3, -3.5], 5)
    assert len(set(crowded)) == 5
    with pytest.raises(CollectionError, match="no length"):
        along(places, [1, 1], [1, 1])


def test_a_line_over_a_small_map_takes_all_there_is() -> None:
    assert along(tiny_collection(2).places, [0, 1], [0, -1], 6) == [0, 1]
