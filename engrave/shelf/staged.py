"""What workers have read, in Parquet files, until an import takes it into the collection.

A worker that dies leaves a file without its end; whoever opens the folder deletes it, and what was
in it is read again.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engrave.shelf.intake import Plate

KEPT_FILES = 4  # in memory; pictures come about in the order in which they were read
SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("reason", pa.string()),  # why it could not be read, else empty
        ("sha256", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("thumbnail", pa.binary()),
        ("caption", pa.string()),  # the model's, where one was wished for
        ("latent", pa.list_(pa.float32())),
        ("embedding", pa.list_(pa.float32())),
    ]
)


def stage_of(folder: Path, origin: str) -> Path:
    """Return the folder in a collection for what workers read of one source."""
    return folder / "staged" / hashlib.sha256(origin.encode()).hexdigest()[:16]


def staged_table(
    plates: Sequence[Plate],
    captions: Sequence[str],
    latents_NL: np.ndarray,
    embeddings_NE: np.ndarray,
) -> pa.Table:
    """Return plates as rows; captions and vectors are of those that could be read, in order."""
    vectors = iter(zip(captions, latents_NL.tolist(), embeddings_NE.tolist(), strict=True))
    rows = []
    for plate in plates:
        row: dict[str, Any] = {"key": plate.entry.key, "reason": plate.reason}
        if not plate.reason:
            row |= {"sha256": plate.sha256, "width": plate.width, "height": plate.height}
            row["thumbnail"] = plate.thumbnail
            row["caption"], row["latent"], row["embedding"] = next(vectors)
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


class Staged:
    """All that lies in one stage, found by the keys of the source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._at: dict[str, tuple[Path, int]] = {}
        self._rows = lru_cache(maxsize=KEPT_FILES)(_read)
        for path in sorted(folder.rglob("*.parquet")):
            try:
                keys = pq.read_table(path, columns=["key"])["key"].to_pylist()
            except (OSError, pa.ArrowException):
                path.unlink()
                continue
            self._at |= {key: (path, row) for row, key in enumerate(keys)}

    def __len__(self) -> int:
        return len(self._at)

    @property
    def keys(self) -> set[str]:
        """The keys of all that was read."""
        return set(self._at)

    def row(self, key: str) -> dict[str, Any] | None:
        """Return what was read under a key, None where nothing was."""
        found = self._at.get(key)
        return self._rows(found[0])[found[1]] if found else None

    def clear(self) -> None:
        """Delete the stage."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()
