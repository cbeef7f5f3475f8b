"""A collection of random vectors: nearest, places, thumbnails, and the folder on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from engrave.collection import Collection, Label
from engrave.collection.facets import decade, encode_facet, write_map
from engrave.collection.insight import NOWHERE, home
from engrave.collection.vectors import write_latents
from engrave.errors import CollectionError
from tests.tiny import tiny_collection, tiny_item, tiny_sprites


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A collection of 30 on disk."""
    tiny_collection().save(tmp_path / "collection", tiny_sprites())
    return tmp_path / "collection"


def test_an_item_is_its_own_nearest() -> None:
    collection = tiny_collection()
    found = collection.nearest(collection.embeddings[7], 5)
    assert len(found) == 5
    assert (found[0].index, found[0].id) == (7, tiny_item(7).id)
    assert found[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert [n.similarity for n in found] == sorted((n.similarity for n in found), reverse=True)


def test_nearest_agrees_with_cosines_by_hand() -> None:
    collection = tiny_collection()
    query = np.linspace(-1, 1, 32)
    cosines = [row @ query / np.linalg.norm(query) for row in collection.embeddings]
    found = collection.nearest(query, 3)
    assert [n.index for n in found] == list(np.argsort(cosines)[::-1][:3])
    assert found[0].similarity == pytest.approx(max(cosines), abs=1e-5)


def test_an_excluded_row_is_left_out() -> None:
    collection = tiny_collection(5)
    found = collection.nearest(collection.embeddings[2], 99, exclude=2)
    assert {n.index for n in found} == {0, 1, 3, 4}


def test_a_neighbour_carries_the_facts_and_the_address() -> None:
    neighbour = tiny_collection().neighbour(6, 0.5)
    assert (neighbour.book, neighbour.year, neighbour.similarity) == ("Book 2", 1849, 0.5)
    assert neighbour.url == "https://www.gutenberg.org/ebooks/102"


def test_rows_and_ids_belong_together() -> None:
    collection = tiny_collection()
    assert collection.row(collection.items[9].id) == 9
    assert collection.row("no such id") is None


@pytest.mark.parametrize("index", [-1, 30])
def test_a_row_outside_gets_a_sentence(index: int) -> None:
    with pytest.raises(CollectionError, match=rf"no engraving number {index}; .* has 30"):
        tiny_collection().item(index)


def test_a_known_picture_is_placed_near_itself() -> None:
    collection = tiny_collection()
    x, y = collection.place(collection.embeddings[11])
    assert abs(x - 11) < 1 and abs(y + 11) < 1


def test_a_place_lies_between_its_neighbours() -> None:
    collection = tiny_collection(2)
    x, _ = collection.place(collection.embeddings[0] + collection.embeddings[1])
    assert x == pytest.approx(0.5, abs=1e-3)


def test_an_empty_collection_has_no_neighbours_and_no_map() -> None:
    empty = Collection()
    assert len(empty) == 0
    assert empty.nearest(np.ones(32), 4) == ()
    with pytest.raises(CollectionError, match="empty"):
        empty.place(np.ones(32))


def test_a_saved_collection_comes_back(folder: Path) -> None:
    fresh, loaded = tiny_collection(), Collection.load(folder)
    assert loaded.items == fresh.items
    assert loaded.label == fresh.label
    np.testing.assert_allclose(loaded.latents, fresh.latents, atol=1e-3)
    np.testing.assert_allclose(loaded.embeddings, fresh.embeddings, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(loaded.latents, axis=1), 1, atol=1e-6)
    assert loaded.latents.dtype == np.float32


def test_the_folder_holds_what_the_map_reads(folder: Path) -> None:
    places = np.fromfile(folder / "map-xy.bin", dtype="<f4").reshape(-1, 2)
    assert places[3].tolist() == [3.0, -3.0]
    facets = json.loads((folder / "map-facets.json").read_text(encoding="utf-8"))
    assert set(facets) == {"subject", "technique", "book", "decade"}
    codes = np.fromfile(folder / facets["subject"]["codes"], dtype=np.uint8)
    names = [facets["subject"]["names"][code] for code in codes]
    assert names == [item.subject for item in tiny_collection().items]
    page = json.loads((folder / "collection.json").read_text(encoding="utf-8"))
    assert page["count"] == 30 and "none is a scan" in page["note"]


@pytest.mark.parametrize(
    "name", ["ort/zeit", "xy", "facets", "a#b?c%41", "../up", "\\", "$&", "x" * 300, "\0", "字"]
)
def test_a_facet_of_any_name_colours_the_map(tmp_path: Path, name: str) -> None:
    (tmp_path / "map").mkdir()
    places = np.array([[1, 2], [3, 4]])
    write_map(tmp_path / "map", places, {"subject": ["a", "b"], name: ["here", "there"]})
    assert [path.name for path in tmp_path.iterdir()] == ["map"]
    written = {path.name for path in (tmp_path / "map").iterdir()}
    page = json.loads((tmp_path / "map" / "map-facets.json").read_text(encoding="utf-8"))
    files = {one["codes"] for one in page.values()}
    assert list(page) == ["subject", name] and len(written) == 4
    assert files == written - {"map-xy.bin", "map-facets.json"}
    assert all(re.fullmatch(r"[a-z0-9.-]+", file) for file in files)
    assert np.fromfile(tmp_path / "map" / "map-xy.bin", dtype="<f4").tolist() == [1, 2, 3, 4]
    assert (tmp_path / "map" / page[name]["codes"]).read_bytes() == b"\0\1"


def test_sprites_are_cut_from_the_right_cell(tmp_path: Path) -> None:
    tiny_collection(103).save(tmp_path / "c", tiny_sprites(103))
    loaded = Collection.load(tmp_path / "c")
    for index in (0, 9, 10, 49, 99, 100, 101):
        sprite = loaded.sprite(index)
        assert sprite.size == (16, 16)
        assert sprite.getpixel((8, 8)) == pytest.approx(7 * index % 251, abs=6)


def test_saving_again_replaces_the_folder_whole(folder: Path) -> None:
    (folder / "stray.txt").write_text("old")
    tiny_collection(3).save(folder, tiny_sprites(3))
    assert len(Collection.load(folder)) == 3
    assert not (folder / "stray.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["collection"]


def test_a_failed_save_leaves_the_old_folder(folder: Path) -> None:
    with pytest.raises(CollectionError, match="2 thumbnails came for 3 engravings"):
        tiny_collection(3).save(folder, tiny_sprites(2))
    assert len(Collection.load(folder)) == 30
    assert [path.name for path in folder.parent.iterdir()] == ["collection"]


def test_many_latents_go_into_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engrave.collection.vectors.SHARD_BYTES", 48 * 2 * 7)
    collection = tiny_collection()
    write_latents(collection.latents, tmp_path)
    assert len(list(tmp_path.glob("latents-*.safetensors"))) == 5
    collection.save(tmp_path / "c", tiny_sprites())
    loaded = Collection.load(tmp_path / "c")
    np.testing.assert_allclose(loaded.latents, collection.latents, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("collection.json", "holds no collection.json"),
        ("table.parquet", "table.parquet is missing or damaged"),
    ],
)
def test_a_missing_file_gets_a_sentence(folder: Path, name: str, match: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CollectionError, match=match):
        Collection.load(folder)


@pytest.mark.parametrize("name", ["collection.json", "table.parquet"])
def test_a_damaged_file_gets_a_sentence(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x00damaged")
    with pytest.raises(CollectionError, match=name):
        Collection.load(folder)


def test_damaged_vectors_and_sheets_get_a_sentence(folder: Path) -> None:
    for name in ("latents-00000.safetensors", "embeddings.safetensors", "atlas-000.webp"):
        (folder / name).write_bytes(b"damaged")
    loaded = Collection.load(folder)
    with pytest.raises(CollectionError, match="latents-00000"):
        _ = loaded.latents
    with pytest.raises(CollectionError, match=r"embeddings\.safetensors"):
        loaded.nearest(np.ones(32), 1)
    with pytest.raises(CollectionError, match=r"atlas-000\.webp"):
        loaded.sprite(0)


def test_another_format_is_refused(folder: Path) -> None:
    page = json.loads((folder / "collection.json").read_text(encoding="utf-8"))
    (folder / "collection.json").write_text(json.dumps(page | {"format": 99}))
    with pytest.raises(CollectionError, match="format 99, this version reads 1"):
        Collection.load(folder)


def test_vectors_must_match_the_items() -> None:
    lame = Collection([tiny_item(0)], latents=np.ones((2, 4)), embeddings=np.ones((2, 4)))
    with pytest.raises(CollectionError, match="1 engravings and 2 latents"):
        _ = lame.latents


def test_a_collection_in_memory_has_no_thumbnails() -> None:
    with pytest.raises(CollectionError, match="not on disk"):
        tiny_collection().sprite(0)


def test_facet_names_come_most_frequent_first_and_decades_in_order() -> None:
    names, codes = encode_facet(["sea", "people", "sea", ""])
    assert names == ["sea", "people", "unknown"] and codes.tolist() == [0, 1, 0, 2]
    assert encode_facet(["1850s", "1850s", "1480s"])[0] == ["1480s", "1850s"]
    assert decade(1849) == "1840s" and decade(0) == "unknown"


def test_more_than_255_names_end_in_other() -> None:
    names, codes = encode_facet([f"book {n:03d}" for n in range(300)])
    assert len(names) == 255 and names[-1] == "other"
    assert codes[0] == 0 and codes[299] == 254


def test_a_label_defaults_to_nothing() -> None:
    assert Collection().label == Label()


def test_a_user_without_a_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ENGRAVE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert home() == NOWHERE
    with pytest.raises(OSError):
        NOWHERE.mkdir(parents=True)
