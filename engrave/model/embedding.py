"""Reads the joint embedding off a latent.

Shapes: B pictures, M width of the meaning, C channels, G cells along a side, N cells, E width of
the embedding."""

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import Tensor, nn

from engrave.config import ModelConfig
from engrave.model.sphere import SCALE

HEADS, HEAD_WIDTH = 8, 16


class EmbeddingHead(nn.Module):
    """Meaning (B, M) and layout (B, C, G, G) -> embedding (B, E) of norm 1.

    The layout enters through a gate that starts closed, so that the head can first be trained on
    meaning alone."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        wide = 2 * config.embedding_width
        self.skip = nn.Linear(config.meaning_width, config.embedding_width)
        self.deep = nn.Sequential(
            nn.Linear(config.meaning_width, wide),
            nn.GELU(),
            nn.Linear(wide, config.embedding_width),
        )
        self.attend = nn.Linear(config.layout_channels, HEADS)
        self.place = nn.Parameter(torch.zeros(config.grid**2, HEADS))
        self.value = nn.Linear(config.layout_channels, HEADS * HEAD_WIDTH)
        self.gate = nn.Linear(HEADS * HEAD_WIDTH, config.embedding_width)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, meaning_BM: Tensor, layout_BCGG: Tensor | None) -> Tensor:
        meaning = meaning_BM / SCALE
        x = self.skip(meaning) + self.deep(meaning)
        if layout_BCGG is not None:
            x = x + self.gate(F.gelu(self._pool(layout_BCGG)))
        return F.normalize(x, dim=-1)

    def _pool(self, layout_BCGG: Tensor) -> Tensor:
        cells_BNC = rearrange(layout_BCGG / SCALE, "b c g h -> b (g h) c")
        weight_BNH = (self.attend(cells_BNC) + self.place).softmax(dim=1)
        value_BNHD = rearrange(self.value(cells_BNC), "b n (h d) -> b n h d", h=HEADS)
        pooled = einsum(weight_BNH, value_BNHD, "b n h, b n h d -> b h d")
        return rearrange(pooled, "b h d -> b (h d)")
