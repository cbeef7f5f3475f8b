"""Where a padded picture has its print: the rectangle that is no padding.

Shapes: B pictures, S side in pixels.
"""

from __future__ import annotations

import torch
from pytorch_msssim import ssim
from torch import Tensor

WINDOW_PX = 11  # of the structural similarity, as its authors chose it

Box = tuple[int, int, int, int]  # left, top, right, bottom


def mask_of(boxes: list[Box], side_px: int) -> Tensor:
    """Return 1 inside each box and 0 on the padding, (B, 1, S, S)."""
    mask = torch.zeros(len(boxes), 1, side_px, side_px)
    for row, (left, top, right, bottom) in zip(mask, boxes, strict=True):
        row[:, top:bottom, left:right] = 1.0
    return mask


def masked_error(drawn_B1SS: Tensor, real_B1SS: Tensor, mask_B1SS: Tensor) -> Tensor:
    """Return the mean squared error of each picture over its mask, (B,)."""
    squared = (drawn_B1SS - real_B1SS).pow(2) * mask_B1SS
    return squared.sum(dim=(1, 2, 3)) / mask_B1SS.sum(dim=(1, 2, 3)).clamp_min(1e-6)


def similarity(drawn_B1SS: Tensor, real_B1SS: Tensor) -> Tensor:
    """Return the structural similarity (Wang et al. 2004) of each picture, 1 for a copy, (B,)."""
    side = min(drawn_B1SS.shape[-2:])
    window = min(WINDOW_PX, side - 1 + side % 2)
    return ssim(drawn_B1SS, real_B1SS, data_range=2.0, size_average=False, win_size=window)


def similarity_inside(drawn_B1SS: Tensor, real_B1SS: Tensor, boxes: list[Box]) -> Tensor:
    """Return the structural similarity of each picture without its padding, (B,)."""
    pairs = zip(drawn_B1SS, real_B1SS, boxes, strict=True)
    parts = [(d[None, :, t:b, x:r], e[None, :, t:b, x:r]) for d, e, (x, t, r, b) in pairs]
    return torch.cat([similarity(drawn, real) for drawn, real in parts])
