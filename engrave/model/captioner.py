"""Writes a caption word by word while it looks at a latent.

Shapes: B pictures, M width of the meaning, C channels, G cells along a side, T tokens, K memory
tokens, D width."""

from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from transformers import BertConfig, BertLMHeadModel
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from engrave.config import ModelConfig
from engrave.model.sphere import SCALE


class SharedCache(DynamicCache):
    """Keys and values of what the words look at: all beams of a picture look at the same."""

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Leave them, as beams change places only within their picture."""


class Captioner(nn.Module):
    """Decoder of MiniLM's shape that cross-attends to tokens of meaning and of layout."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.caption_width
        self.from_meaning = nn.Linear(config.meaning_width, config.meaning_tokens * width)
        self.from_layout = nn.Linear(config.layout_channels, width)
        self.place = nn.Parameter(torch.randn(config.meaning_tokens + config.grid**2, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.bert = BertLMHeadModel(
            BertConfig(
                vocab_size=config.caption_vocab,
                hidden_size=width,
                num_hidden_layers=config.caption_layers,
                num_attention_heads=config.caption_heads,
                intermediate_size=4 * width,
                max_position_embeddings=64,
                is_decoder=True,
                add_cross_attention=True,
                pad_token_id=0,
                bos_token_id=2,
                eos_token_id=3,
            )
        )

    def memory(self, meaning_BM: Tensor, layout_BCGG: Tensor) -> Tensor:
        """Return what the words look at, (B, K, D)."""
        meaning = rearrange(
            self.from_meaning(meaning_BM / SCALE), "b (k d) -> b k d", k=self.config.meaning_tokens
        )
        layout = self.from_layout(rearrange(layout_BCGG / SCALE, "b c g h -> b (g h) c"))
        return self.norm(torch.cat([meaning, layout], dim=1) + self.place)

    def forward(self, meaning_BM: Tensor, layout_BCGG: Tensor, ids_BT: Tensor) -> Tensor:
        """Return logits (B, T - 1, V) for each token after the first."""
        seen = self.bert(
            input_ids=ids_BT[:, :-1],
            attention_mask=(ids_BT[:, :-1] != 0).long(),
            encoder_hidden_states=self.memory(meaning_BM, layout_BCGG),
            use_cache=False,
        )
        return seen.logits

    def token_log_probs(self, meaning_BM: Tensor, layout_BCGG: Tensor, ids_BT: Tensor) -> Tensor:
        """Return log-probabilities (B, T - 1) in nats of the given tokens; padding counts as 0."""
        log_probs = F.log_softmax(self(meaning_BM, layout_BCGG, ids_BT), dim=-1)
        target = ids_BT[:, 1:]
        picked = log_probs.gather(-1, target[:, :, None])[:, :, 0]
        return picked.masked_fill(target == 0, 0.0)

    def write(
        self,
        meaning_BM: Tensor,
        layout_BCGG: Tensor,
        *,
        beams: int,
        candidates: int,
        max_tokens: int,
        **options: Any,
    ) -> Tensor:
        """Return ids (B * candidates, T), best candidate first, by beam search (greedy for one
        beam), or in the order of chance with the option `do_sample`."""
        memory = self.memory(meaning_BM, layout_BCGG)
        start = torch.full((len(memory), 1), 2, dtype=torch.long, device=memory.device)
        found = self.bert.generate(
            input_ids=start,
            attention_mask=torch.ones_like(start),
            encoder_hidden_states=memory,
            cache=EncoderDecoderCache(DynamicCache(), SharedCache()),
            num_beams=beams,
            num_return_sequences=candidates,
            max_new_tokens=max_tokens,
            **({"do_sample": False} | options),
        )
        return torch.as_tensor(found)
