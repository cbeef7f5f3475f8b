"""Two collections on one map."""

from pathlib import Path

import numpy as np
import pytest

from engrave.collection import Collection, Label
from engrave.collection.pair import Pair, meeting
from engrave.errors import CollectionError
from tests.fake_studio import draw, unit
from tests.fakes import make_items


def part(folder: Path, rows: slice) -> Collection:
    """Write some of 240 engravings as a collection."""
    items, latents, embeddings = make_items(240)
    label = Label(name=folder.name, version=folder.name, model_version="fake-1")
    made = Collection(items[rows], latents=latents[rows], embeddings=embeddings[rows], label=label)
    made.save(folder, (draw(latent, 96) for latent in latents[rows]))
    return Collection.load(folder)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collection, Collection]:
    """130 engravings and 50, of which 20 are the same."""
    home = tmp_path_factory.mktemp("pair")
    return part(home / "first", slice(0, 130)), part(home / "second", slice(110, 160))


def test_both_read_as_one(halves: tuple[Collection, Collection]) -> None:
    first, second = halves
    pair = Pair(first, second, ("first", "second"))
    assert len(pair) == len(pair.embeddings) == len(pair.latents) == len(pair.places) == 180
    assert pair.own(129) == (first, 129) and pair.own(130) == (second, 0)
    np.testing.assert_array_equal(pair.places[:130], first.places)  # the first stays where it is
    assert pair.facets()["collection"] == ["first"] * 130 + ["second"] * 50
    assert pair.sprite(140).tobytes() == second.sprite(10).tobytes()
    with pytest.raises(CollectionError):
        pair.own(180)


def test_what_is_the_same_is_placed_where_it_is(halves: tuple[Collection, Collection]) -> None:
    pair = Pair(*halves, ("first", "second"))
    spread = pair.places[:130].std()
    same = np.linalg.norm(pair.places[130:150] - pair.places[110:130], axis=1)
    assert np.median(same) < 0.1 * spread


def test_a_new_map_treats_both_alike(halves: tuple[Collection, Collection]) -> None:
    pair = Pair(*halves, ("first", "second"), anew=True)
    same = np.linalg.norm(pair.places[130:150] - pair.places[110:130], axis=1)
    assert same.max() < 1e-3 and np.isfinite(pair.places).all()


def test_the_sheets_hold_each_picture_at_its_row(halves: tuple[Collection, Collection]) -> None:
    first, second = halves
    pair = Pair(first, second, ("first", "second"))
    folder = pair.page_folder()
    assert folder is not None and folder == pair.page_folder()
    read = Collection(pair.items, label=pair.label, folder=folder)
    for row, mine in ((3, first.sprite(3)), (129, first.sprite(129)), (177, second.sprite(47))):
        wrong = np.asarray(read.sprite(row), float) - np.asarray(mine, float)
        assert np.abs(wrong).mean() < 12, row  # drawn again as WebP
    whole = "atlas-000.webp"
    assert first.folder is not None
    assert (folder / whole).read_bytes() == (first.folder / whole).read_bytes()


def test_what_is_near_and_what_is_lacking(halves: tuple[Collection, Collection]) -> None:
    pair = Pair(*halves, ("first", "second"))
    found = meeting(pair, 12)
    assert [near.cosine for near in found.alike] == pytest.approx([1.0] * 12, abs=1e-3)
    assert all(near.other == near.index - 20 for near in found.alike)
    others = [near.other for near in found.alike]
    assert len(set(others)) == len(others)
    shared = set(range(130, 150))
    assert len(found.only_second) == 12 and not shared & {near.index for near in found.only_second}
    assert all(near.index < 110 for near in found.only_first)
    cosines = [near.cosine for near in found.only_first]
    assert cosines == sorted(cosines)
    assert "Of 50 pictures of second, " in found.words[0]


def test_an_empty_one_is_not_compared(halves: tuple[Collection, Collection]) -> None:
    with pytest.raises(CollectionError, match="holds no picture"):
        Pair(halves[0], Collection(), ("first", "none"))


def test_embeddings_of_a_pair_are_of_norm_one(halves: tuple[Collection, Collection]) -> None:
    pair = Pair(*halves, ("first", "second"))
    np.testing.assert_allclose(unit(pair.embeddings), pair.embeddings, atol=1e-5)
