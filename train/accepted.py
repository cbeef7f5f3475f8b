"""Chooses from an export of the caption desk what may teach, and what is held out to judge it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engrave.errors import DataError

METADATA = "metadata.jsonl"
MARKS = {"state", "machine_caption", "key"}  # columns that only such an export has
ACCEPTED = "accepted"
LEAST = 8  # accepted captions
HELD_OUT = 0.2  # share, by a hash of the file
LEAST_HELD_OUT = 2


def is_review_export(source: Path) -> bool:
    """Tell whether a folder was exported from the caption desk, by its first line."""
    path = Path(source) / METADATA
    if not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        try:
            first = json.loads(stream.readline())
        except ValueError:
            return False
    return isinstance(first, dict) and first.keys() >= MARKS


def rows_of(rows: Sequence[Mapping[str, Any]], split: str, source: Path) -> list[int]:
    """Return which rows are accepted and of a split, `train` or `validation`.

    A picture stays on its side whatever the file is called and however often it is exported: a
    hash of its key decides. Raises DataError where too few were accepted.
    """
    accepted = [at for at, row in enumerate(rows) if row["state"] == ACCEPTED and row["caption"]]
    if len(accepted) < LEAST:
        raise DataError(
            f"{source} has {len(accepted)} accepted captions and {LEAST} are needed; accept more "
            "on the caption desk and export again."
        )
    if split == "test":
        raise DataError(
            f"{source} is an export of the caption desk, which has no test split; "
            "choose train or validation."
        )
    order = sorted(accepted, key=lambda at: draw_of(str(rows[at]["key"])))
    below = sum(draw_of(str(rows[at]["key"])) < HELD_OUT for at in accepted)
    held_out = set(order[: min(max(below, LEAST_HELD_OUT), len(accepted) // 2)])
    return [at for at in accepted if (at in held_out) == (split == "validation")]


def draw_of(key: str) -> float:
    """Return a number from 0 to 1 that hangs on a file's key alone."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) / 2**256
