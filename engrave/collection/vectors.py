"""Rows of numbers on disk: half precision, in shards, of norm 1 when they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from engrave.errors import CollectionError

SHARD_BYTES = 14_000_000  # below what many hosts take without large-file storage


def write_latents(latents_NL: np.ndarray, folder: Path) -> None:
    """Write latents-00000.safetensors and as many more as it takes."""
    half = latents_NL.astype(np.float16)
    rows = max(1, SHARD_BYTES // max(1, half[:1].nbytes))
    for number, start in enumerate(range(0, len(half), rows)):
        part = np.ascontiguousarray(half[start : start + rows])
        save_file({"latents": part}, folder / f"latents-{number:05d}.safetensors")


def write_embeddings(embeddings_NE: np.ndarray, folder: Path) -> None:
    """Write embeddings.safetensors."""
    half = np.ascontiguousarray(embeddings_NE.astype(np.float16))
    save_file({"embeddings": half}, folder / "embeddings.safetensors")


def read_latents(folder: Path) -> np.ndarray:
    """Return latents (N, L), float32, of norm 1."""
    paths = sorted(folder.glob("latents-*.safetensors"))
    if not paths:
        raise CollectionError("The collection has no latents; copy the collection folder again.")
    return unit(np.concatenate([_read(path, "latents") for path in paths]))


def read_embeddings(folder: Path) -> np.ndarray:
    """Return embeddings (N, E), float32, of norm 1."""
    return unit(_read(folder / "embeddings.safetensors", "embeddings"))


def unit(rows: np.ndarray) -> np.ndarray:
    """Return the rows at norm 1, float32; half precision had moved them a little."""
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def _read(path: Path, name: str) -> np.ndarray:
    try:
        return load_file(path)[name]
    except (OSError, KeyError, SafetensorError) as error:
        raise CollectionError(
            f"{path.name} is missing or damaged; copy the collection folder again."
        ) from error
