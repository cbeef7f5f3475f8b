"""Recall at k between two sets of vectors whose rows belong together."""

from __future__ import annotations

import torch
from torch import Tensor


def ranks(query_NE: Tensor, answer_NE: Tensor) -> Tensor:
    """Return for each query how many other answers are at least as near as its own, (N,)."""
    similarity = query_NE @ answer_NE.T
    own = similarity.diagonal()[:, None]
    ahead = (similarity >= own).sum(1) - 1
    return ahead


def recall_at(ranks_N: Tensor, k: int) -> float:
    """Return the share of queries whose own answer is among the first k."""
    return float((ranks_N < k).float().mean())


def recalls(seen_NE: Tensor, read_NE: Tensor) -> dict[str, float]:
    """Return recall at 1, 5 and 10, text to image and image to text, and the number of
    candidates."""
    seen, read = seen_NE.float(), read_NE.float()
    figures: dict[str, float] = {}
    for name, found in (("t2i", ranks(read, seen)), ("i2t", ranks(seen, read))):
        figures |= {f"{name}_r{k}": recall_at(found, k) for k in (1, 5, 10)}
    return figures | {"candidates": float(len(torch.as_tensor(seen)))}
