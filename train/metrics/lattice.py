"""How far the grain of pictures depends on where in its cell of 4 x 4 pixels it lies.

A decoder that shuffles channels into pixels prints such a lattice; a scan has none, as its strokes
do not know where the cells begin. Shapes: B pictures, S side in pixels.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor

CELL = 4  # pixels along a side that one step of the decoder draws at once
AROUND = 9  # pixels along a side of what a pixel is compared with
TONES = (-1.5, -0.3, 0.4, 1.5)  # dark, middle and light are looked at apart: their lattices differ


def lattice(pictures_B1SS: Tensor) -> Tensor:
    """Return a number that is about 0 without a lattice: by how much of itself the grain's mean,
    its energy and that of its steps vary over the places of a cell, squared, for all tones."""
    around = F.avg_pool2d(pictures_B1SS, AROUND, 1, AROUND // 2, count_include_pad=False)
    grain = pictures_B1SS - around
    fields = [
        grain,
        grain.pow(2),
        (pictures_B1SS.roll(-1, 3) - pictures_B1SS).pow(2),  # the last is left out below
        (pictures_B1SS.roll(-1, 2) - pictures_B1SS).pow(2),
    ]
    total = pictures_B1SS.new_zeros(())
    for low, high in pairwise(TONES):
        inside = ((around >= low) & (around < high)).float()
        weight = _by_place(inside)
        if weight.min() < 1.0:
            continue
        mean, *energies = (_by_place(field * inside) / weight for field in fields)
        total = total + mean.var() / energies[0].mean().clamp_min(1e-6)
        total = total + sum(one.var() / one.mean().pow(2).clamp_min(1e-9) for one in energies)
    return total


def _by_place(x_B1SS: Tensor) -> Tensor:
    """Return sums over all cells but the last of each side, (4, 4)."""
    side = (x_B1SS.shape[-1] // CELL - 1) * CELL
    cells = x_B1SS[..., :side, :side].unfold(2, CELL, CELL).unfold(3, CELL, CELL)
    return cells.sum(dim=(0, 1, 2, 3))


def lattice_share(pictures_B1SS: Tensor) -> float:
    """Return the lattice's part of the grain, as a root: 0 for none; scans have about 0.01."""
    return float(lattice(pictures_B1SS).div(4 * (len(TONES) - 1)).sqrt())
