"""Writes where the scans of a collection lie and their perceptual hashes, and measures how often
these hashes err."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from PIL import Image
from tqdm import tqdm

from engrave.collection import Collection
from engrave.errors import DataError
from engrave.image import WHITE, open_picture
from engrave.originals.likeness import ALIKE, BITS, fitted, hash_of, margins
from engrave.originals.wanted import NAME, Wanted, write_wanted
from train.data import SPLITS, open_split

SOURCE = ("gutenberg_id", "source_path")
SAMPLE = 600  # pictures that are scanned again
SCALES = (1.0, 3.0)  # a file at the mirror is larger than the picture that was hashed
PAPER, INK = (225, 256), (0, 45)  # grey of both in a scan
JPEG = (40, 92)
MARGIN = 0.12  # of a side, on each side


def write_hashes(data: Path, collection: Path) -> int:
    """Write originals.parquet beside a collection; return how many scans it lists.

    Data of one's own, without paths at Project Gutenberg, have none.
    """
    ids = [item.id for item in Collection.load(collection).items]
    found: dict[str, Wanted] = {}
    for row, picture in _pictures(data):
        facts: dict[str, Any] = {name: row[name] for name in ("id", *SOURCE)}
        found[row["id"]] = Wanted(**facts, hash=hash_of(picture))
    listed = [found[id] for id in ids if id in found]
    if listed:
        write_wanted(listed, collection / NAME)
    return len(listed)


def measure_hashes(data: Path, seed: int = 0) -> dict[str, float]:
    """Return how far hashes lie apart, and both error rates at the threshold that is used.

    The same: a picture printed again as a scan of other size, grey, quality and margin.
    Others: every pair of different pictures, one of them cut in every way that a scan is.
    """
    rng = np.random.default_rng(seed)
    pictures = [picture for _, picture in _pictures(data)]
    if len(pictures) < 2:
        raise DataError(f"{data} has no scans of Project Gutenberg; there is nothing to measure.")
    hashes = [hash_of(picture) for picture in pictures]
    bits_NB = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1), 1)
    rows = rng.permutation(len(pictures))[:SAMPLE]
    same, others = [], []
    for row in tqdm(rows.tolist(), desc="scanning again", leave=False):
        scan = scanned(pictures[row], rng)
        same.append(fitted(scan, hashes[row]).distance)
        others.append(_apart(scan, bits_NB, row))
    other = np.concatenate(others)
    return {
        "pictures": float(len(pictures)),
        "same_median": float(np.median(same)),
        "same_largest": float(max(same)),
        "same_refused": float(np.mean(np.array(same) > ALIKE)),
        "other_median": float(np.median(other)),
        "other_smallest": float(other.min()),
        "other_taken": float(np.mean(other <= ALIKE)),
        "bits": float(BITS),
        "threshold": float(ALIKE),
    }


def scanned(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return a picture as another scan might show it: larger, greyer, wider margins, as JPEG."""
    scale = rng.uniform(*SCALES)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    ink, paper = int(rng.integers(*INK)), int(rng.integers(*PAPER))
    larger = picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    greyer = larger.point([ink + grey * (paper - ink) // WHITE for grey in range(WHITE + 1)])
    left, top, right, bottom = (rng.random(4) * MARGIN * np.array(size * 2)).astype(int).tolist()
    page = Image.new("L", (size[0] + left + right, size[1] + top + bottom), paper)
    page.paste(greyer, (left, top))
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=int(rng.integers(*JPEG)))
    return open_picture(buffer.getvalue())


def _apart(scan: Image.Image, bits_NB: np.ndarray, row: int) -> np.ndarray:
    """Return in how many bits a scan, cut to fit, differs from each picture but its own."""
    boxes = dict.fromkeys(margins(scan))
    cuts = [np.frombuffer(hash_of(scan.crop(box)), np.uint8) for box in boxes]
    cuts_CB = np.unpackbits(np.stack(cuts), 1)
    apart = np.stack([(bits_NB != cut).sum(1) for cut in cuts_CB]).min(0)
    return np.delete(apart, row)


def _pictures(data: Path) -> Iterator[tuple[dict[str, Any], Image.Image]]:
    """Yield every row that says where its scan lies, and its picture."""
    for split in SPLITS:
        table = _opened(data, split)
        if table is None or not set(SOURCE) <= set(table.column_names):
            continue
        for row in tqdm(table, desc=f"hashing {split}", leave=False):
            image = row["image"]
            yield row, open_picture(image["bytes"] or Path(image["path"]))


def _opened(data: Path, split: str) -> Dataset | None:
    try:
        return open_split(data, split)
    except DataError:
        if split == SPLITS[0]:
            raise
        return None  # small data of one's own may have no such split
