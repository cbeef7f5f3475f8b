"""Reads from a picture where things are and how they are drawn: a grid of a few numbers a cell.

Shapes: B pictures, S side in pixels, C channels of the layout, G cells along a side.
"""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from engrave.model.sphere import to_sphere


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class LayoutEncoder(nn.Module):
    """Pictures (B, 1, S, S) -> layout (B, C, S/32, S/32); each cell has root mean square 1/32."""

    def __init__(self, widths: tuple[int, ...], channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(16, widths[0], 3, padding=1)]
        for narrow, wide in pairwise(widths):
            layers += [nn.SiLU(), nn.Conv2d(narrow, wide, 3, stride=2, padding=1), Residual(wide)]
        self.body = nn.Sequential(*layers, Residual(widths[-1]), nn.SiLU())
        self.out = nn.Conv2d(widths[-1], channels, 1)

    def forward(self, picture_B1SS: Tensor) -> Tensor:
        return to_sphere(self.out(self.body(picture_B1SS)), dim=1)
