"""What is measured: a model, the pictures held out, a sample of those it was trained on, and the
eyes and ears that judge.

Shapes: N pictures, B batch, S side in pixels, L width of the latent, D width of the features.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from engrave.image import print_box
from engrave.model.multimodal import MultimodalModel
from train.data import Examples
from train.metrics.frozen import FrozenEyes
from train.metrics.masks import Box
from train.metrics.matching import Evaluator, FrozenEars

BATCH = 16  # pictures at once: more is no faster on a CPU
SAMPLE = 600  # of the training pictures, set beside those held out


@dataclass(frozen=True)
class Held:
    """Pictures with their latents (N, L), as the model reads them, and what the frozen eyes see."""

    examples: Examples
    z: Tensor
    seen: Tensor

    def __len__(self) -> int:
        return len(self.z)

    @property
    def captions(self) -> list[str]:
        return self.examples.captions

    @cached_property
    def boxes(self) -> list[Box]:
        """Where each picture has its print."""
        side = self.examples.pictures.shape[-1]
        return [print_box((row["width"], row["height"]), side) for row in self.examples.rows]

    def every(self, apart: int) -> Held:
        """Return every so manyth picture."""
        part = Examples(self.examples.pictures[::apart], self.examples.rows[::apart])
        return Held(part, self.z[::apart], self.seen[::apart])

    def first(self, count: int) -> Held:
        """Return the first pictures alone."""
        part = Examples(self.examples.pictures[:count], self.examples.rows[:count])
        return Held(part, self.z[:count], self.seen[:count])


@dataclass(frozen=True)
class Subject:
    """All that the figures are measured from; `train` and `sample` are None where the data has no
    training pictures."""

    model: MultimodalModel
    held: Held
    train: Examples | None
    sample: Held | None
    eyes: FrozenEyes
    ears: FrozenEars
    evaluator: Evaluator


def pictures_of(examples: Examples, start: int, count: int = BATCH) -> Tensor:
    """Return some pictures (B, 1, S, S) in [-1, 1]."""
    part = np.array(examples.pictures[start : start + count])
    return torch.from_numpy(part).float()[:, None] / 127.5 - 1.0


def sampled(train: Examples, count: int = SAMPLE) -> Examples:
    """Return a random part of the training pictures, the same each time."""
    rows = sorted(random.Random(0).sample(range(len(train)), min(count, len(train))))
    return Examples(np.array(train.pictures[rows]), [train.rows[row] for row in rows])


def drawn(model: MultimodalModel, z_NL: Tensor, what: str = "drawing") -> Iterator[Tensor]:
    """Yield the pictures of latents, (B, 1, S, S) at a time."""
    for part in tqdm(z_NL.split(BATCH), desc=what, leave=False):
        yield model.decode(part)
