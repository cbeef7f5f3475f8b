"""Trains what judges: a head that tells whether a text fits a picture, from frozen features of the
training split.

Shapes: N pictures, D width of the eyes, T width of MiniLM, K kept components.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from engrave.errors import DataError
from train.data import Examples, load, save_array
from train.metrics.frozen import FrozenEyes
from train.metrics.matching import (
    FrozenEars,
    MatchHead,
    TrainIndex,
    ids_of,
    load_evaluator,
    save_evaluator,
)  # fmt: skip
from train.metrics.retrieval import recalls

SIDE_PX = 256
COMPONENTS = 128
EPOCHS, BATCH, LR, DECAY = 20, 512, 1e-3, 1.0
SHARPEST = 3.0  # of the logarithm of the scale: sharper, and the head learns pictures by heart


def train_evaluator(data: Path, out: Path, cache: Path | None = None) -> dict[str, float]:
    """Train on the training split, write head and index, and return recall at k on the other
    splits."""
    eyes, ears = FrozenEyes(), FrozenEars()
    train = load(data, "train", SIDE_PX, cache)
    seen, heard = look(eyes, train, cache), ears.hear(train.captions)
    head = train_head(seen, heard)
    index = index_of(seen, ids_of(train.rows), head)
    save_evaluator(out, head, index, {})
    head = load_evaluator(out).head  # as it will be read: in half precision
    facts = {"train_pictures": float(len(train)), "epochs": float(EPOCHS)}
    for split in ("validation", "test"):
        try:
            held_out = load(data, split, SIDE_PX, cache)
        except DataError:
            continue  # a folder need not have both
        found = look(eyes, held_out, cache), ears.hear(held_out.captions)
        facts |= {f"{split}_{k}": v for k, v in recall_of(head, *found).items()}
    save_evaluator(out, head, index, facts)
    return facts


def look(eyes: FrozenEyes, examples: Examples, cache: Path | None = None) -> Tensor:
    """Return what the frozen eyes see of all pictures, (N, D), kept in the cache folder."""
    path = cache and cache / f"frozen-{ids_of(examples.rows)[:12]}.npy"
    if path is not None and path.is_file():
        return torch.from_numpy(np.load(path))
    starts = tqdm(range(0, len(examples), 64), desc="frozen eyes", leave=False)
    seen = eyes.see_all(_part(examples, start) for start in starts)
    if path is not None:
        save_array(path, lambda scratch: np.save(scratch, seen.numpy()))
    return seen


def _part(examples: Examples, start: int) -> Tensor:
    pixels = torch.from_numpy(np.array(examples.pictures[start : start + 64]))
    return pixels.float()[:, None] / 127.5 - 1.0


def train_head(seen_ND: Tensor, heard_NT: Tensor, epochs: int = EPOCHS, seed: int = 7) -> MatchHead:
    """Train by InfoNCE; the same head each time."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = MatchHead()
        head.centre.copy_(seen_ND.mean(0))
        head.scale.copy_(seen_ND.std(0).clamp_min(1e-3))
        batch = min(BATCH, len(seen_ND))
        steps = epochs * max(1, len(seen_ND) // batch)
        optimizer = torch.optim.AdamW(head.parameters(), lr=LR, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps + 1)
        for _ in range(steps):
            rows = torch.randperm(len(seen_ND))[:batch]
            loss = _contrast(head, seen_ND[rows], heard_NT[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return head.eval().requires_grad_(False)


def _contrast(head: MatchHead, seen: Tensor, heard: Tensor) -> Tensor:
    logits = (
        head.of_pictures(seen) @ head.of_texts(heard).T * head.log_scale.clamp(max=SHARPEST).exp()
    )
    target = torch.arange(len(seen))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


@torch.inference_mode()
def recall_of(head: MatchHead, seen_ND: Tensor, heard_NT: Tensor) -> dict[str, float]:
    """Return recall at k of the head between pictures and their own texts."""
    return recalls(head.of_pictures(seen_ND), head.of_texts(heard_NT))


@torch.inference_mode()
def index_of(seen_ND: Tensor, ids: str, head: MatchHead, count: int = COMPONENTS) -> TrainIndex:
    """Return the main components of the training pictures' features, each of unit variance."""
    mean = seen_ND.mean(0)
    centred = (seen_ND - mean).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
    kept = min(count, len(seen_ND) - 1)
    basis = (vectors / values.clamp_min(1e-6).sqrt()).flip(1)[:, :kept].float()
    rows = (seen_ND - mean) @ basis
    return TrainIndex(ids, mean, basis, rows, head.of_pictures(seen_ND))
