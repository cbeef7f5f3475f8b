"""Writes latents and embeddings of pictures as a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engrave.whole import whole_file


def write_vectors(
    path: Path,
    names: Sequence[str],
    latents_NL: np.ndarray,
    embeddings_NE: np.ndarray,
    model_version: str,
) -> None:
    """Write columns file_name, z and embedding; a reader sees the old file or the new one."""
    columns = {
        "file_name": pa.array(names, pa.string()),
        "z": _lists(latents_NL),
        "embedding": _lists(embeddings_NE),
    }
    table = pa.table(columns).replace_schema_metadata({"model_version": model_version})
    with whole_file(path) as scratch:
        pq.write_table(table, scratch)


def _lists(rows: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(rows, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])
