"""Fetches the scans of listed books, prepares them as the model saw them, and writes a data set
that `train fit` reads."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Image, Value
from PIL import Image as Picture

from engrave.errors import DataError
from engrave.image import open_picture
from engrave.originals.gather import Tally, gather
from engrave.originals.likeness import distance, hash_of, stretched
from engrave.originals.sources import Supply
from engrave.originals.store import Store
from engrave.progress import Progress
from train.data import SPLITS, open_split
from train.rebuild.lists import Book, Row, read_books, read_captions, wanted_of

LONGEST_PX = 288  # longer side of a picture of the training set
QUALITY = 80  # of its WebP
IN_A_FILE = 1500  # rows
SCANS, MISSING = "scans", "missing.csv"
TEXTS = (
    "id", "caption", "kind", "subject", "technique", "printed", "book", "author", "language",
    "source_path", "phash",
)  # fmt: skip
NUMBERS = ("year", "gutenberg_id", "width", "height", "scan_width", "scan_height")
FEATURES = Features(
    {"image": Image()}
    | {name: Value("string") for name in TEXTS}
    | {name: Value("int32") for name in NUMBERS}
)


def rebuild(
    books: Path,
    captions: Path,
    source: Supply,
    out: Path,
    *,
    limit: int | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> Tally:
    """Fetch what is not there yet, write the data set, and list what is missing.

    Every scan is kept in `scans` as soon as it came, so that a next run goes on.
    """
    listed = read_books(books)
    rows = read_captions(captions, listed)
    store = Store(out / SCANS, longest_px=LONGEST_PX, quality=QUALITY)
    tally = gather(
        wanted_of(rows), source, store,
        limit=limit, again=again, prepare=stretched, progress=progress,
    )  # fmt: skip
    for split in SPLITS:
        own = [row for row in rows if listed[row["gutenberg_id"]].split == split]
        _write_split(out, split, _prepared(own, listed, store))
    _write_missing(out / MISSING, rows, tally)
    return tally


def compare(out: Path, data: Path) -> dict[str, float]:
    """Return how far a rebuilt data set is from another: rows, sizes, pixels, hashes.

    Pixels (0 to 255) are compared at the other's size, for pictures that both have.
    """
    mine, theirs = (dict(_texts_and_pictures(folder)) for folder in (out, data))
    both = [id for id in mine if id in theirs]
    if not both:
        raise DataError(f"{out} and {data} have no picture in common; build some first.")
    sizes, errors, bits, texts = [], [], [], []
    for id in both:
        (told, picture), (other, wanted) = mine[id], theirs[id]
        texts.append(told == other)
        sizes.append(picture.size == wanted.size)
        bits.append(distance(hash_of(picture), hash_of(wanted)))
        scaled = picture.resize(wanted.size, Picture.Resampling.LANCZOS)
        errors.append(np.abs(np.asarray(scaled, int) - np.asarray(wanted, int)).mean())
    return {
        "rows": float(len(both)),
        "rows_only_there": float(len(theirs) - len(both)),
        "same_texts": float(np.mean(texts)),
        "same_size": float(np.mean(sizes)),
        "mean_difference": float(np.mean(errors)),
        "largest_difference": float(np.max(errors)),
        "mean_bits": float(np.mean(bits)),
        "largest_bits": float(np.max(bits)),
    }


def _prepared(rows: Sequence[Row], books: dict[int, Book], store: Store) -> Iterator[Row]:
    """Yield rows as they are written, of pictures that are there."""
    for row in rows:
        found = store.encoded(row["id"])
        if found is None:
            continue
        with Picture.open(io.BytesIO(found)) as opened:
            width, height = opened.size
        book = books[row["gutenberg_id"]]
        facts = {name: row[name] for name in (*TEXTS, *NUMBERS) if name in row}
        facts |= {"book": book.title, "author": book.author, "language": book.language}
        facts |= {"year": book.year, "width": width, "height": height}
        yield facts | {"image": {"bytes": found, "path": f"{row['id']}.webp"}}


def _write_split(out: Path, split: str, rows: Iterator[Row]) -> None:
    """Write train-00000-of-00005.parquet and so on; no reader sees half a file."""
    out.mkdir(parents=True, exist_ok=True)
    schema = FEATURES.arrow_schema
    table = pa.Table.from_pylist(list(rows), schema=schema)
    count = -(-table.num_rows // IN_A_FILE)
    names = [f"{split}-{number:05d}-of-{count:05d}.parquet" for number in range(count)]
    for number, name in enumerate(names):
        scratch = out / f".{name}.partial"
        pq.write_table(table.slice(number * IN_A_FILE, IN_A_FILE), scratch, row_group_size=100)
        os.replace(scratch, out / name)
    for old in out.glob(f"{split}-*.parquet"):
        if old.name not in names:
            old.unlink()


def _write_missing(path: Path, rows: Sequence[Row], tally: Tally) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "gutenberg_id", "source_path", "why"])
        for row in rows:
            if row["id"] in tally.missed:
                facts = [row[name] for name in ("id", "gutenberg_id", "source_path")]
                writer.writerow([*facts, tally.missed[row["id"]]])


def _texts_and_pictures(folder: Path) -> Iterator[tuple[str, tuple[Row, Picture.Image]]]:
    for split in SPLITS:
        if not any(folder.glob(f"{split}-*.parquet")):
            continue
        for row in open_split(folder, split):
            told = {name: row[name] for name in (*TEXTS, "year", "gutenberg_id")}
            picture = open_picture(io.BytesIO(row["image"]["bytes"]))
            yield row["id"], (told | {"split": split}, picture)
