"""The training set built anew from lists and a mirror: the same rows and pictures, whatever the
mirror lacks told."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engrave.errors import DataError
from engrave.originals.mirror import Mirror
from engrave.originals.sources import open_folder, paths_of
from tests.originals.conftest import as_jpeg, plate
from tests.originals.mirrors import Local, serving, status
from train.__main__ import main
from train.data import load
from train.rebuild.build import FEATURES, compare, rebuild
from train.rebuild.command import BOOKS, CAPTIONS
from train.rebuild.lists import read_books, read_captions, wanted_of, write_lists

COUNT = 12
SPLIT_OF = {100: "train", 2000: "validation", 30000: "test"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set of three drawn books."""
    folder = tmp_path / "data"
    folder.mkdir()
    for number, (book, split) in enumerate(SPLIT_OF.items()):
        rows = [_row(book, number * 4 + one) for one in range(4)]
        table = pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema)
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return folder


def _row(book: int, seed: int) -> dict[str, object]:
    buffer = io.BytesIO()
    picture = plate(seed, (288, 200))
    picture.save(buffer, "WEBP", quality=80)
    texts = dict.fromkeys(("kind", "subject", "technique", "printed", "phash"), "x")
    numbers = {"width": 288, "height": 200, "scan_width": 576, "scan_height": 400}
    return {
        "id": f"{book}-{seed:04d}", "image": {"bytes": buffer.getvalue(), "path": "a.webp"},
        "caption": f"picture {seed}", "book": f"Book {book}, été", "author": "A. B.",
        "language": "en", "year": 1850, "gutenberg_id": book,
        "source_path": f"{book}-h/images/{seed}.jpg", **texts, **numbers,
    }  # fmt: skip


@pytest.fixture
def lists(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The lists of that data set."""
    books, captions = tmp_path / "books.csv", tmp_path / "captions.parquet"
    assert write_lists(data, books, captions) == (3, COUNT)
    return books, captions


@pytest.fixture
def local(lists: tuple[Path, Path]) -> Iterator[Local]:
    """A mirror that has larger scans of the pictures, with margins."""
    rows = read_captions(lists[1], read_books(lists[0]))
    local = Local()
    for seed, one in enumerate(wanted_of(rows)):
        page = Image.new("L", (640, 440), 250)
        page.paste(plate(seed, (288, 200)).resize((576, 400)), (30, 22))
        local.files["/" + next(paths_of(one))] = as_jpeg(page, 90)
    with serving(local):
        yield local


def test_the_same_rows_and_pictures_come_back(
    data: Path, lists: tuple[Path, Path], local: Local, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    tally = rebuild(*lists, Mirror(local.address, pause_s=0), out)
    assert (tally.kept, tally.missed) == (COUNT, {})
    found = compare(out, data)
    assert found["rows"] == COUNT and found["rows_only_there"] == 0
    assert found["same_texts"] == 1
    assert found["largest_bits"] <= 16 and found["mean_difference"] < 20
    for split in SPLIT_OF.values():
        mine, theirs = load(out, split, 128), load(data, split, 128)
        assert mine.captions == theirs.captions and len(mine) == 4
        assert mine.rows[0]["book"] == theirs.rows[0]["book"]


def test_what_is_missing_is_listed_and_had_later(
    data: Path, lists: tuple[Path, Path], local: Local, tmp_path: Path
) -> None:
    out, mirror = tmp_path / "out", Mirror(local.address, pause_s=0, backoff_s=0)
    paths = list(local.files)
    lost = local.files.pop(paths[1])
    local.odd = {paths[6]: [status(503)]}
    tally = rebuild(*lists, mirror, out, limit=8)
    assert (tally.kept, sorted(tally.missed)) == (6, ["100-0001", "2000-0006"])
    with (out / "missing.csv").open() as file:
        told = {row["id"]: row["why"] for row in csv.DictReader(file)}
    assert "does not hold" in told["100-0001"] and "503" in told["2000-0006"]
    assert len(load(out, "train", 64)) == 3
    local.files[paths[1]], local.odd = lost, {}
    local.asked.clear()
    assert rebuild(*lists, mirror, out, again=True).kept == COUNT
    assert len(local.asked) == 6
    assert len(load(out, "train", 64)) == 4 and len(load(out, "test", 64)) == 4
    assert (out / "missing.csv").read_text().count("\n") == 1


def test_the_command_builds_and_compares(
    data: Path,
    lists: tuple[Path, Path],
    local: Local,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    books, captions = map(str, lists)
    command = ["gutenberg", "--books", books, "--captions", captions, "--pause", "0"]
    command += ["--out", str(tmp_path / "out"), "--mirror", local.address]
    assert main([*command, "--limit", "6"]) == 0
    assert main([*command, "--compare", str(data)]) == 0
    told = capsys.readouterr().out
    assert "12 of 12 pictures" in told and "same_texts" in told
    assert main([*command[:-1], "ftp://x"]) == 1
    assert "web address" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gutenberg_id,title\n1,a\n", "lacks the columns author, language, split, year"),
        ("gutenberg_id,title,author,language,year,split\n", "lists no books"),
        ("gutenberg_id,title,author,language,year,split\nx,a,b,en,1850,train\n", "line 2"),
        ("gutenberg_id,title,author,language,year,split\n1,a,b,en,1850,all\n", "line 2"),
        ("gutenberg_id,title,author,language,year,split\n9,a,b,en,1850,train\n", "none of these"),
    ],
)
def test_a_bad_list_is_told(
    lists: tuple[Path, Path], tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        rebuild(path, lists[1], Mirror("http://127.0.0.1:9"), tmp_path / "out")
    path.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(DataError, match="CSV in UTF-8"):
        read_books(path)
    with pytest.raises(DataError, match="no list of captions"):
        read_captions(path, read_books(lists[0]))


def test_the_lists_that_ship_are_whole() -> None:
    books = read_books(BOOKS)
    rows = read_captions(CAPTIONS, books)
    assert len(books) == 123 and len(rows) == 8066
    assert len({row["id"] for row in rows}) == len(wanted_of(rows)) == 8066
    assert all(row["caption"].strip() for row in rows)


def test_real_scans_come_back(scans: Path, tmp_path: Path) -> None:
    books = tmp_path / "books.csv"
    lines = BOOKS.read_text(encoding="utf-8").splitlines(keepends=True)
    chosen = [line for line in lines[1:] if ",validation" in line][:3]
    books.write_text("".join([lines[0], *chosen]), encoding="utf-8")
    tally = rebuild(books, CAPTIONS, open_folder(scans), tmp_path / "out", limit=40)
    assert tally.fetched == 40 and not tally.missed
    found = compare(tmp_path / "out", scans)
    assert found["rows"] == 40 and found["same_texts"] == 1 and found["same_size"] > 0.9
    assert found["mean_difference"] < 8 and found["largest_bits"] <= 20
    assert np.isfinite(found["largest_difference"])
