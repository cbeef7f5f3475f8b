"""Reads a text into the joint embedding: MiniLM, mean pooling, a linear map.

Shapes: B texts, T tokens, D width of MiniLM, E width of the embedding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from engrave.config import ModelConfig


class TextTower(nn.Module):
    """Ids (B, T), padded with 0 -> embedding (B, E) of norm 1."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.bert = BertModel(
            BertConfig(
                vocab_size=config.text_vocab,
                hidden_size=config.text_width,
                num_hidden_layers=config.text_layers,
                num_attention_heads=config.text_heads,
                intermediate_size=4 * config.text_width,
                max_position_embeddings=512,
            ),
            add_pooling_layer=False,
        )
        self.project = nn.Linear(config.text_width, config.embedding_width)

    def lower(self, ids_BT: Tensor, layers: int) -> Tensor:
        """Return hidden states (B, T, D) after the first layers: the part that can be cached."""
        seen = self.bert(ids_BT, attention_mask=(ids_BT != 0).long(), output_hidden_states=True)
        return seen.hidden_states[layers]

    def upper(self, hidden_BTD: Tensor, mask_BT: Tensor, layers: int) -> Tensor:
        """Return the embedding (B, E) of hidden states that left the first layers."""
        bias = torch.zeros_like(mask_BT, dtype=hidden_BTD.dtype).masked_fill(~mask_BT, -1e9)[
            :, None, None, :
        ]
        for layer in self.bert.encoder.layer[layers:]:
            hidden_BTD = layer(hidden_BTD, attention_mask=bias)
            hidden_BTD = hidden_BTD[0] if isinstance(hidden_BTD, tuple) else hidden_BTD
        return self.pool(hidden_BTD, mask_BT)

    def pool(self, hidden_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        weight = mask_BT.to(hidden_BTD.dtype)[:, :, None]
        mean = (hidden_BTD * weight).sum(1) / weight.sum(1).clamp_min(1.0)
        return F.normalize(self.project(F.normalize(mean, dim=-1) * mean.shape[-1] ** 0.5), dim=-1)

    def forward(self, ids_BT: Tensor) -> Tensor:
        mask_BT = ids_BT != 0
        return self.pool(
            self.bert(ids_BT, attention_mask=mask_BT.long()).last_hidden_state, mask_BT
        )
