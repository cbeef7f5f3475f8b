"""Reads engravings with their captions: our parquet files, or any folder in the imagefolder
convention."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, Image, load_dataset
from PIL import ExifTags
from PIL import Image as Picture
from tqdm import tqdm

from engrave.errors import DataError, PictureError
from engrave.image import open_picture, pad_square
from train.accepted import is_review_export, rows_of

SPLITS = ("train", "validation", "test")
FACETS = ("subject", "technique", "kind", "printed", "book", "author", "language")


@dataclass(frozen=True)
class Examples:
    """Pictures (N, S, S) as bytes, white 255, and a row of text for each."""

    pictures: np.ndarray
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def captions(self) -> list[str]:
        return [row["caption"] for row in self.rows]


def load(source: Path, split: str, side_px: int, cache: Path | None = None) -> Examples:
    """Read one split; decoded pictures are kept in the cache folder. Raises DataError when there
    is nothing to read."""
    table = open_split(Path(source), split)
    if cache is None:
        pictures, good = _decode(table, side_px)
    else:
        pictures, good = _cached(table, side_px, cache)
    rows = [_row(table, index) for index in good]
    return Examples(pictures, rows)


def open_split(source: Path, split: str) -> Dataset:
    """Return the raw split as a `datasets.Dataset` with undecoded pictures."""
    if split not in SPLITS:
        raise DataError(f"There is no split '{split}'; choose one of {', '.join(SPLITS)}.")
    if zipfile.is_zipfile(source):
        raise DataError(f"{source} is a ZIP; unpack it and give the folder.")
    if not source.is_dir():
        raise DataError(
            f"{source} is no folder; give one with parquet files or with pictures and metadata.csv."
        )
    found = {name: sorted(str(p) for p in source.glob(f"{name}-*.parquet")) for name in SPLITS}
    if any(found.values()):
        if not found[split]:
            raise DataError(
                f"{source} has no {split}-*.parquet; found {[n for n in found if found[n]]}."
            )
        table = load_dataset("parquet", data_files={split: found[split]}, split=split)
        return table.cast_column("image", Image(decode=False))
    return _imagefolder(source, split)


def _imagefolder(source: Path, split: str) -> Dataset:
    named = {name: source / name for name in SPLITS if (source / name).is_dir()}
    folder = named.get(split, source)
    if not any((folder / f"metadata.{kind}").is_file() for kind in ("jsonl", "csv")):
        raise DataError(
            f"{folder} has no metadata.jsonl or metadata.csv with file_name and caption; add one."
        )
    table = load_dataset("imagefolder", data_files={split: [f"{folder}/**"]}, split=split)
    if "caption" not in table.column_names:
        raise DataError(
            f"The metadata in {folder} has the columns {table.column_names}; 'caption' is needed."
        )
    table = table.cast_column("image", Image(decode=False))
    if named:
        return table
    if is_review_export(source):
        told = table.select_columns(["state", "caption", "key"])
        return table.select(rows_of(list(told), split, source))
    keep = [
        i
        for i, row in enumerate(table.select_columns(["image"]))
        if _share_of(row["image"]["path"]) == split
    ]
    if not keep:
        raise DataError(
            f"{folder} is too small for a {split} split; add pictures or make {split}/."
        )
    return table.select(keep)


def _share_of(path: str) -> str:
    """Assign a picture to a split by its name: 90 % train, 5 % validation, 5 % test."""
    draw = int(hashlib.sha256(Path(path).name.encode()).hexdigest(), 16) % 100
    return "train" if draw < 90 else "validation" if draw < 95 else "test"


def _row(table: Dataset, index: int) -> dict[str, Any]:
    raw = {name: value for name, value in table[index].items() if name != "image"}
    row: dict[str, Any] = {name: raw.get(name) or "" for name in FACETS}
    row |= {
        "id": str(raw.get("id") or raw.get("key") or f"picture-{index:05d}"),
        "caption": str(raw.get("caption") or "").strip(),
    }
    row |= {"year": int(raw.get("year") or 0), "gutenberg_id": int(raw.get("gutenberg_id") or 0)}
    row["width"], row["height"] = raw.get("width"), raw.get("height")
    if not (row["width"] and row["height"]):
        row["width"], row["height"] = _size(table[index]["image"])
    return row


def _size(image: dict[str, Any]) -> tuple[int, int]:
    """Return width and height of an undecoded picture as it is shown."""
    with Picture.open(io.BytesIO(image["bytes"]) if image["bytes"] else image["path"]) as opened:
        turned = opened.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return opened.size[::-1] if turned else opened.size


def _decode(table: Dataset, side_px: int) -> tuple[np.ndarray, list[int]]:
    pictures, good = [], []
    for index, row in enumerate(
        tqdm(table.select_columns(["image"]), desc="reading pictures", leave=False)
    ):
        image = row["image"]
        try:
            opened = open_picture(io.BytesIO(image["bytes"]) if image["bytes"] else image["path"])
        except PictureError as error:
            tqdm.write(f"left out {image['path']}: {error}")
            continue
        pictures.append(np.asarray(pad_square(opened, side_px)))
        good.append(index)
    if not good:
        raise DataError("None of the pictures can be read; check the folder.")
    return np.stack(pictures), good


def _cached(table: Dataset, side_px: int, cache: Path) -> tuple[np.ndarray, list[int]]:
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(f"{table._fingerprint}-{len(table)}".encode()).hexdigest()[:12]
    stem = cache / f"pictures-{side_px}-{key}"
    pixels, index = stem.with_suffix(".npy"), stem.with_suffix(".index.npy")
    if not index.is_file():
        pictures, good = _decode(table, side_px)
        save_array(pixels, lambda path: np.save(path, pictures))
        save_array(index, lambda path: np.save(path, np.array(good)))
    return np.load(pixels, mmap_mode="r"), np.load(index).tolist()


def save_array(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside, then rename, so that a reader never sees half a file."""
    scratch = path.with_name(f".{path.name}.partial.npy")
    write(scratch)
    scratch.replace(path)
