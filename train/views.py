"""Looks at a picture again: mirrored, turned by a few degrees, cropped a little; the whole print
stays visible.

Every view is a function of (seed, picture, view), so that what was cached for it stays true.
Shapes: B pictures, S side in pixels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_DEGREES = 2.5
MOST_ZOOM = 0.05
MOST_SHIFT = 0.03


def is_mirrored(view: int) -> bool:
    """Odd views are mirrored; view 0 is the picture as it is."""
    return view % 2 == 1


def look(pictures_BSS: Tensor, indices: Tensor, view: int, seed: int) -> Tensor:
    """Return view number `view` of byte pictures as (B, 1, S, S) in [-1, 1], paper white outside
    of the print."""
    x = pictures_BSS.to(torch.float32)[:, None] / 127.5 - 1.0
    if view == 0:
        return x
    theta = torch.stack([_placement(int(index), view, seed) for index in indices]).to(x.device)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return (
        F.grid_sample(x - 1.0, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        + 1.0
    )


def _placement(index: int, view: int, seed: int) -> Tensor:
    """Return the 2 x 3 matrix of one view: a small turn, zoom and shift, and the mirror."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + index) * 64 + view)
    turn, zoom, right, down = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    if view == 1:
        turn, zoom, right, down = 0.0, 0.0, 0.0, 0.0
    angle, scale = math.radians(MOST_DEGREES * turn), 1 + MOST_ZOOM * zoom
    mirror = -1.0 if is_mirrored(view) else 1.0
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    return torch.tensor(
        [[mirror * cos, -sin, MOST_SHIFT * right], [mirror * sin, cos, MOST_SHIFT * down]]
    )
