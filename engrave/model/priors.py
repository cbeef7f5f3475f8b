"""Turns noise into likely latents: rectified flows for the meaning and for the layout.

Time runs from 0 (noise) to 1 (data); x_t = (1 - t) noise + t data (Liu et al. 2022, eq. 1). Data
has unit variance here.
Shapes: B samples, M width of the meaning, E width of the embedding, N cells, C channels, D width.
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from engrave.config import ModelConfig

TIME_WIDTH = 64


def time_features(t_B: Tensor) -> Tensor:
    """Return sines and cosines (B, 64) of t in [0, 1]."""
    rate = torch.exp(torch.linspace(0.0, math.log(1000.0), TIME_WIDTH // 2, device=t_B.device))
    angle = t_B[:, None] * rate[None] * 2.0
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


class Condition(nn.Module):
    """Time, text and (for the layout) meaning -> one vector (B, D); a missing text has a learnt
    stand-in."""

    def __init__(self, width: int, text_width: int, meaning_width: int = 0) -> None:
        super().__init__()
        self.text_width = text_width
        self.time = nn.Linear(TIME_WIDTH, width)
        self.text = nn.Linear(text_width, width)
        self.no_text = nn.Parameter(torch.randn(text_width) * 0.02)
        self.meaning = nn.Linear(meaning_width, width) if meaning_width else None
        self.mix = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(
        self, t_B: Tensor, text_BE: Tensor, has_text_B: Tensor, meaning_BM: Tensor | None = None
    ) -> Tensor:
        text = torch.where(has_text_B[:, None], text_BE * self.text_width**0.5, self.no_text)
        x = self.time(time_features(t_B)) + self.text(text)
        if self.meaning is not None and meaning_BM is not None:
            x = x + self.meaning(meaning_BM)
        return self.mix(x)


class MeaningPrior(nn.Module):
    """Predicts the velocity (B, M) of a noisy meaning, given a text."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.meaning_prior_width
        self.condition = Condition(width, config.embedding_width)
        self.enter = nn.Linear(config.meaning_width, width)
        self.modulate = nn.ModuleList(
            nn.Linear(width, 3 * width) for _ in range(config.meaning_prior_blocks)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
            for _ in range(config.meaning_prior_blocks)
        )
        self.leave = nn.Linear(width, config.meaning_width)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x_BM: Tensor, t_B: Tensor, text_BE: Tensor, has_text_B: Tensor) -> Tensor:
        condition = self.condition(t_B, text_BE, has_text_B)
        h = self.enter(x_BM)
        for modulate, block in zip(self.modulate, self.blocks, strict=True):
            scale, shift, gate = modulate(condition).chunk(3, dim=-1)
            h = h + gate * block(F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift)
        return self.leave(F.layer_norm(h, h.shape[-1:]))


class LayoutPrior(nn.Module):
    """Predicts the clean layout (B, N, C) from a noisy one, given meaning and text
    (x-prediction)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, self.heads = config.layout_prior_width, config.layout_prior_heads
        self.condition = Condition(width, config.embedding_width, config.meaning_width)
        self.enter = nn.Linear(config.layout_channels, width)
        self.place = nn.Parameter(torch.randn(config.grid**2, width) * 0.02)
        self.modulate = nn.Linear(
            width, 6 * width
        )  # shared by all layers; each adds its own offset
        self.offsets = nn.Parameter(torch.zeros(config.layout_prior_layers, 6 * width))
        self.attention = nn.ModuleList(
            nn.Linear(width, 3 * width) for _ in range(config.layout_prior_layers)
        )
        self.merge = nn.ModuleList(
            nn.Linear(width, width) for _ in range(config.layout_prior_layers)
        )
        self.feed = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
            for _ in range(config.layout_prior_layers)
        )
        self.leave = nn.Linear(width, config.layout_channels)

    def forward(
        self, x_BNC: Tensor, t_B: Tensor, meaning_BM: Tensor, text_BE: Tensor, has_text_B: Tensor
    ) -> Tensor:
        common = self.modulate(self.condition(t_B, text_BE, has_text_B, meaning_BM))
        h = self.enter(x_BNC) + self.place
        for index, (attention, merge, feed) in enumerate(
            zip(self.attention, self.merge, self.feed, strict=True)
        ):
            s1, b1, g1, s2, b2, g2 = (common + self.offsets[index])[:, None].chunk(6, dim=-1)
            h = h + g1 * merge(
                self._attend(attention(F.layer_norm(h, h.shape[-1:]) * (1 + s1) + b1))
            )
            h = h + g2 * feed(F.layer_norm(h, h.shape[-1:]) * (1 + s2) + b2)
        return self.leave(F.layer_norm(h, h.shape[-1:]))

    def _attend(self, qkv_BN3D: Tensor) -> Tensor:
        q, k, v = rearrange(qkv_BN3D, "b n (three h d) -> three b h n d", three=3, h=self.heads)
        return rearrange(F.scaled_dot_product_attention(q, k, v), "b h n d -> b n (h d)")
