"""Draws a picture from a whole latent, in one pass.

Shapes: B pictures, M width of the meaning, C channels of the layout, G cells along a side, S side
in pixels."""

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engrave.model.sphere import SCALE

GRAIN_SEED = 1483  # fixes the grain of the paper, so that a latent always gives the same pixels


class ModulatedBlock(nn.Module):
    """A residual block whose inner channels are scaled and shifted by the meaning (FiLM)."""

    def __init__(self, width: int, meaning_width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(meaning_width, 2 * width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        for weight in (self.film.weight, self.film.bias, self.second.weight):
            nn.init.zeros_(weight)

    def forward(self, x: Tensor, meaning_BM: Tensor) -> Tensor:
        scale, shift = self.film(meaning_BM)[:, :, None, None].chunk(2, dim=1)
        h = self.first(F.silu(x)) * (1 + scale) + shift
        return x + self.second(F.silu(h))


class Decoder(nn.Module):
    """Meaning (B, M) and layout (B, C, G, G) -> pictures (B, 1, 32 G, 32 G), about [-1, 1]."""

    def __init__(
        self, widths: tuple[int, ...], blocks: tuple[int, ...], channels: int, meaning_width: int
    ) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.enter_meaning = nn.Linear(meaning_width, widths[0])
        self.levels = nn.ModuleList(
            nn.ModuleList(ModulatedBlock(width, meaning_width) for _ in range(count))
            for width, count in zip(widths, blocks, strict=True)
        )
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.grain = nn.Parameter(torch.zeros(1, widths[-1], 1, 1))
        self.spread = nn.Conv2d(widths[-1], 64, 3, padding=1)
        # at full size, so that PixelShuffle leaves no grid
        self.ink = nn.Conv2d(4, 1, 3, padding=1)

    def forward(
        self, meaning_BM: Tensor, layout_BCGG: Tensor, grain_B1hh: Tensor | None = None
    ) -> Tensor:
        meaning = meaning_BM / SCALE
        x = self.enter(layout_BCGG / SCALE) + self.enter_meaning(meaning)[:, :, None, None]
        for depth, level in enumerate(self.levels):
            if depth:
                x = self.narrow[depth - 1](F.interpolate(x, scale_factor=2.0, mode="nearest"))
            for block in cast(nn.ModuleList, level):
                x = block(x, meaning)
        noise = paper_grain(x.shape[-1]).to(x) if grain_B1hh is None else grain_B1hh
        x = F.silu(x + self.grain * noise)
        return self.ink(F.silu(F.pixel_shuffle(self.spread(x), 4)))


def paper_grain(side: int) -> Tensor:
    """Return the fixed noise (1, 1, side, side) from which texture may be drawn."""
    generator = torch.Generator().manual_seed(GRAIN_SEED)
    return torch.randn((1, 1, side, side), generator=generator)
