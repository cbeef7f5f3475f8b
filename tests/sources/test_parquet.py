"""Parquet data sets: found by their schema, streamed, and never more of them in memory than a few
pictures."""

from __future__ import annotations

import json
import random
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engrave.errors import EngraveError, PictureError, SourceError
from engrave.image import open_picture
from engrave.sources import open_source
from tests.sources.plates import plate, put


def write(path: Path, columns: dict[str, Any], **settings: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **settings)
    return path


def images(*pictures: bytes | None) -> pa.Array:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.array([{"bytes": data, "path": f"{n}.png"} for n, data in enumerate(pictures)], kind)


def numbered(count: int) -> list[bytes]:
    return [str(number).encode() * 100 for number in range(count)]


def test_a_data_set_of_the_hub(tmp_path: Path) -> None:
    labels = {"info": {"features": {"label": {"names": ["sea", "land"], "_type": "ClassLabel"}}}}
    for split, ids in [("train", ["a", "b"]), ("validation", ["c", "d"])]:
        table = pa.table({
            "image": images(plate(), plate("hill")), "id": ids, "text": ["a ship", "a hill"],
            "label": [0, 1], "year": [1700, None], "tags": [["x", "y"], []],
            "vector": [[0.1, 0.2], [0.3, 0.4]],
        })  # fmt: skip
        table = table.replace_schema_metadata({"huggingface": json.dumps(labels)})
        (tmp_path / "set" / "data").mkdir(parents=True, exist_ok=True)
        pq.write_table(table, tmp_path / "set" / "data" / f"{split}-00000-of-00001.parquet")
    write(tmp_path / "set" / "other.parquet", {"n": [1, 2]})
    source = open_source(tmp_path / "set")
    found = list(source.entries())
    assert [entry.key for entry in found] == ["a", "b", "c", "d"]
    assert (source.name, source.count, source.unread) == ("set", 4, [])
    assert (found[0].caption, found[0].title) == ("a ship", "sea")
    assert found[2].facets == {"split": "validation", "year": "1700", "id": "c", "tags": "x; y"}
    assert found[3].address == "data/validation-00000-of-00001.parquet#1"
    assert [open_picture(entry.read()).size for entry in found] == [(96, 80)] * 4


def test_a_plain_column_of_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "plates.parquet", {"jpeg": [plate(), plate("hill")], "nr": [7, 8]})
    source = open_source(path)
    found = list(source.entries())
    assert [entry.key for entry in found] == ["plates.parquet#0", "plates.parquet#1"]
    assert found[1].read() == plate("hill")
    assert source.name == "plates"


@pytest.mark.parametrize("group", [1, 7, 1_000])
def test_rows_are_read_in_any_order_and_side_by_side(tmp_path: Path, group: int) -> None:
    pictures = numbered(400)
    path = write(tmp_path / "a.parquet", {"image": images(*pictures)}, row_group_size=group)
    found = list(open_source(path).entries())
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda entry: entry.read(), found)) == pictures
    dice = random.Random(0)
    for number in [dice.randrange(400) for _ in range(60)]:
        assert found[number].read() == pictures[number]


def test_ids_that_are_not_unique(tmp_path: Path) -> None:
    ids = ["a", "a", None, "a@x.parquet#1", "x.parquet#2", ""]
    path = write(tmp_path / "x.parquet", {"image": images(*numbered(6)), "id": ids})
    keys = [entry.key for entry in open_source(path).entries()]
    assert len(set(keys)) == 6 and keys[:3] == ["a", "a@x.parquet#1", "x.parquet#2"]
    assert keys == [entry.key for entry in open_source(path).entries()]


def test_rows_without_a_picture(tmp_path: Path) -> None:
    put(tmp_path / "set", "1.png", "sub/keep.txt")
    put(tmp_path, "2.png")
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    paths = [None, "1.png", "../2.png", "/etc/passwd", "sub", "nul\0", "x" * 5_000]
    rows = pa.array([{"bytes": None, "path": path} for path in paths] + [None], kind)
    found = list(open_source(write(tmp_path / "set" / "x.parquet", {"image": rows})).entries())
    assert found[1].read() == plate()
    for number, sentence in enumerate(
        ["holds no picture", "", *["not in the folder"] * 5, "holds no picture"]
    ):
        if sentence:
            with pytest.raises(SourceError, match=f"Row {number} of .*{sentence}"):
                found[number].read()


def test_pictures_and_parquet_side_by_side(tmp_path: Path) -> None:
    put(tmp_path / "set", "a.png", "b.png")
    write(tmp_path / "set" / "x.parquet", {"image": images(*numbered(2)), "id": ["a.png", "c"]})
    put(tmp_path / "set", "y.parquet", data=b"PAR1 broken")
    source = open_source(tmp_path / "set")
    assert [entry.key for entry in source.entries()] == ["a.png", "c", "a.png@2", "b.png"]
    assert source.count == 4
    assert [key for key, _ in source.unread] == ["y.parquet"]


def test_values_that_python_cannot_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {
        "image": images(b"1", b"2"), "day": pa.array([10**8, 0], pa.int32()).cast(pa.date32()),
        "moment": pa.array([1, 86_400 * 10**9], pa.timestamp("ns")),
        "words": pa.Array.from_buffers(  # a text that is no UTF-8
            pa.string(), 2, [None, pa.array([0, 2, 4], pa.int32()).buffers()[1],
                             pa.py_buffer(b"\xff\xfeok")]),
    })  # fmt: skip
    source = open_source(path)
    first, second = source.entries()
    assert source.unread == [] and (first.read(), second.read()) == (b"1", b"2")
    assert "day" not in first.facets and second.facets["day"] == "1970-01-01"
    assert second.facets["words"] == "ok" and second.facets["moment"].startswith("1970-01-02")


def test_what_holds_no_pictures(tmp_path: Path) -> None:
    for name, columns in [("a", {"n": [1]}), ("b", {"x": [b"1"], "y": [b"2"]})]:
        path = write(tmp_path / f"{name}.parquet", columns)
        with pytest.raises(SourceError, match="has no column of pictures"):
            open_source(path)
    put(tmp_path / "only", "c.parquet", data=b"PAR1" + bytes(100) + b"PAR1")
    for what in (tmp_path / "only", tmp_path / "only" / "c.parquet"):
        with pytest.raises(SourceError, match="is damaged; copy or export it again"):
            open_source(what)


def test_a_picture_beyond_what_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"image": images(bytes(31_000_000), b"fine")})
    large, fine = open_source(path).entries()
    with pytest.raises(PictureError, match="more than 30 MB"):
        large.read()
    assert fine.read() == b"fine"


def test_a_long_value_in_every_row_fits_in_memory(tmp_path: Path) -> None:
    """Stored once in the file, such a value would fill the memory if each row had its copy."""
    count = 300
    index = pa.array([0] * count, pa.int32())
    word = pa.DictionaryArray.from_arrays(index, pa.array(["word " * 1_000_000]))
    picture = pa.DictionaryArray.from_arrays(index, pa.array([bytes(5_000_000)]))
    path = write(tmp_path / "x.parquet", {"image": picture, "title": word})
    del word, picture
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, entry in enumerate(open_source(path).entries()):
        assert len(entry.title) <= 500
        if number % 50 == 0:
            assert len(entry.read()) == 5_000_000
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (400_000 if sys.platform == "linux" else 400_000_000)


def test_damage_within(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {"image": images(*[plate()] * 12), "text": [f"caption {n}" for n in range(12)]},
        row_group_size=4,
    )
    whole, dice = path.read_bytes(), random.Random(3)
    for _ in range(150):
        hurt = bytearray(whole)
        for _ in range(dice.choice((1, 4, 30))):
            hurt[dice.randrange(len(hurt))] = dice.randrange(256)
        path.write_bytes(hurt)
        try:
            source = open_source(path)
            found = list(source.entries())
        except SourceError:
            continue
        for entry in found:
            try:
                entry.read()
            except EngraveError as error:
                assert len(str(error)) > 20


def test_our_own_scans(scans: Path) -> None:
    source = open_source(scans)
    assert source.count == 7_007 + 490 + 569
    first = next(iter(source.entries()))
    assert first.facets["split"] == "test" and first.caption and first.facets["book"]
    assert open_picture(first.read()).size[0] > 16
