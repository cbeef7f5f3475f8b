"""Reading pictures with captions: folders of one's own, and the real parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engrave.errors import DataError
from tests.drawings import draw, write_folder
from train.data import load, open_split


def test_an_imagefolder_gives_pictures_and_rows(drawn_folder: Path) -> None:
    examples = load(drawn_folder, "validation", 64)
    assert examples.pictures.shape == (12, 64, 64) and examples.pictures.dtype == np.uint8
    assert all(row["caption"].startswith("a ") and row["year"] >= 1800 for row in examples.rows)
    assert (examples.pictures[:, 0, 0] == 255).all()


def test_captions_stay_with_their_pictures(drawn_folder: Path) -> None:
    examples = load(drawn_folder, "train", 64)
    for picture, row in zip(examples.pictures, examples.rows, strict=True):
        ink = 255.0 - picture.astype(float)
        centre = (ink.sum(0) * np.arange(64)).sum() / ink.sum()
        side = "left" if centre < 26 else "right" if centre > 38 else "middle"
        assert f"at the {side}" in row["caption"]


def test_a_flat_folder_with_csv_is_split_by_name(tmp_path: Path) -> None:
    names = [f"{k:03d}.png" for k in range(160)]
    for name in names:
        draw("hill", "left", False).save(tmp_path / name)
    rows = "\n".join(f'{name},"a hill, at the left"' for name in names)
    (tmp_path / "metadata.csv").write_text(f"file_name,caption\n{rows}\n")
    sizes = {split: len(load(tmp_path, split, 64)) for split in ("train", "validation", "test")}
    assert sum(sizes.values()) == 160 and sizes["train"] > 120 and min(sizes.values()) > 0


def test_an_unreadable_picture_is_left_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d", {"train": 10})
    (folder / "train" / "train-003.png").write_bytes(b"not a picture")
    assert len(load(folder, "train", 64)) == 9


def test_the_cache_gives_the_same(drawn_folder: Path, tmp_path: Path) -> None:
    first, again = (load(drawn_folder, "test", 64, tmp_path) for _ in range(2))
    assert np.array_equal(first.pictures, again.pictures) and first.rows == again.rows


@pytest.mark.parametrize("split", ["training", ""])
def test_unknown_splits_are_refused(drawn_folder: Path, split: str) -> None:
    with pytest.raises(DataError, match="choose one of train, validation, test"):
        load(drawn_folder, split, 64)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder"):
        load(tmp_path / "none", "train", 64)
    with pytest.raises(DataError, match=r"metadata\.jsonl or metadata\.csv"):
        load(tmp_path, "train", 64)
    (tmp_path / "metadata.csv").write_text("file_name,title\na.png,x\n")
    draw("hill", "left", False).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="'caption' is needed"):
        load(tmp_path, "train", 64)


def test_no_book_stands_in_two_splits(scans: Path) -> None:
    books = [
        set(open_split(scans, split)["gutenberg_id"]) for split in ("train", "validation", "test")
    ]
    assert not (books[0] & books[1] or books[0] & books[2] or books[1] & books[2])
