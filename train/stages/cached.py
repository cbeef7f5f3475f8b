"""Keeps what frozen parts say of the pictures, on disk, so that it is computed once and not every
epoch.

Shapes: V views, N pictures, B batch, S side in pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor, nn
from tqdm import tqdm

from train import views
from train.data import Examples, save_array
from train.stages.base import Context

BATCH = 64


def over_views(
    context: Context,
    examples: Examples,
    name: str,
    num_views: int,
    compute: Callable[[Tensor], Tensor],
) -> np.ndarray:
    """Return `compute` of every view of every picture, (V, N, ...), from the cache if it is
    there."""

    def read(view: int, rows: range) -> Tensor:
        return compute(picture_batch(context, examples, rows, view))

    return cached(context, name, num_views, len(examples), read)


def cached(
    context: Context, name: str, num_views: int, count: int, read: Callable[[int, range], Tensor]
) -> np.ndarray:
    """Return `read` of every view and batch of rows, (V, N, ...) in half precision, kept on
    disk."""
    path = context.cache / f"{name}.npy"
    if path.is_file():
        return np.load(path, mmap_mode="r")
    context.cache.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{name}.partial.npy")
    out: np.memmap | None = None
    with (
        torch.inference_mode(),
        tqdm(total=num_views * count, desc=f"caching {name}", leave=False) as bar,
    ):
        for view in range(num_views):
            for start in range(0, count, BATCH):
                rows = range(start, min(start + BATCH, count))
                part = read(view, rows).half().cpu().numpy()
                if out is None:
                    shape = (num_views, count, *part.shape[1:])
                    out = open_memmap(scratch, mode="w+", dtype=np.float16, shape=shape)
                out[view, start : start + len(part)] = part
                bar.update(len(part))
    if out is None:
        return np.zeros((num_views, 0), np.float16)
    out.flush()
    scratch.replace(path)
    return np.load(path, mmap_mode="r")


def meanings(context: Context, split: str) -> np.ndarray:
    """Return the meaning of every view, (V, N, M), from the cached trunk where there is one."""
    examples, count = _split(context, split)
    trunk = context.cache / f"trunk-{split}.npy"
    if not trunk.is_file():
        return over_views(context, examples, f"meaning-{split}", count, context.model.meaning)
    held = np.load(trunk, mmap_mode="r")

    def read(view: int, rows: range) -> Tensor:
        return context.model.meaning.head(
            to_device(held[view, rows.start : rows.stop], context.device)
        )

    return cached(context, f"meaning-{split}", count, len(examples), read)


def latents(context: Context, split: str) -> np.ndarray:
    """Return the latent of every view, (V, N, L): the cached meaning, and the layout computed
    here."""
    examples, count = _split(context, split)
    meaning = meanings(context, split)

    def read(view: int, rows: range) -> Tensor:
        layout = context.model.layout(picture_batch(context, examples, rows, view))
        return context.model.join(
            to_device(meaning[view, rows.start : rows.stop], context.device), layout
        )

    return cached(context, f"latent-{split}", count, len(examples), read)


@torch.inference_mode()
def text_embeddings(context: Context, texts: list[str]) -> Tensor:
    """Return the joint embeddings (N, E) of texts, on the CPU; kept on disk under a name that
    changes with the text tower and with the texts."""
    path = context.cache / f"text-{_fingerprint(context.model.text, texts)}.npy"
    if path.is_file():
        return torch.from_numpy(np.load(path))
    parts = [
        context.model.embed_text(texts[i : i + 128]).cpu()
        for i in tqdm(range(0, len(texts), 128), desc="reading texts", leave=False)
    ]
    found = torch.cat(parts).clone()
    save_array(path, lambda scratch: np.save(scratch, found.numpy()))
    return found


def _fingerprint(tower: nn.Module, texts: list[str]) -> str:
    digest = hashlib.sha256("\n".join(texts).encode())
    for value in tower.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _split(context: Context, split: str) -> tuple[Examples, int]:
    return (context.train, context.config.views) if split == "train" else (context.validation, 1)


def to_device(part: np.ndarray, device: torch.device) -> Tensor:
    """Return a part of a half-precision cache in single precision."""
    return torch.from_numpy(part.astype(np.float32)).to(device)


def picture_batch(
    context: Context, examples: Examples, indices: range | Tensor, view: int
) -> Tensor:
    """Return one view of some pictures, (B, 1, S, S) in [-1, 1], on the device of the run."""
    kept = torch.tensor([int(i) for i in indices if int(i) < len(examples)])
    pixels = torch.from_numpy(np.ascontiguousarray(examples.pictures[kept.numpy()])).to(
        context.device
    )
    return views.look(pixels, kept, view, context.config.seed)


def pick(cache: np.ndarray, views_B: Tensor, indices_B: Tensor, device: torch.device) -> Tensor:
    """Return rows (B, ...) of a cache (V, N, ...), one view and picture each, in single
    precision."""
    return torch.from_numpy(cache[views_B.numpy(), indices_B.numpy()].astype(np.float32)).to(device)
