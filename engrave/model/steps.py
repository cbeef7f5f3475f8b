"""Lets a graph compute each further piece of a caption, while transformers searches the beams.

Shapes: B beams, D width, H heads, T pieces so far, K memory tokens, d width of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

Compute = Callable[..., list[Tensor]]


class Steps(nn.Module):
    """Stands where BERT's layers stand: one more piece goes to the graph, all else to them."""

    def __init__(self, layers: nn.Module, compute: Compute) -> None:
        super().__init__()
        self._layers, self._compute = layers, compute

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        cache: Any = None,
        use_cache: bool | None = None,
        **others: Any,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """Return the piece (B, 1, D), and the cache with its keys and values."""
        if hidden_states.shape[1] > 1 or not _holds_all(cache) or _hides(attention_mask):
            return self._layers(
                hidden_states, attention_mask, cache=cache, use_cache=use_cache, **others
            )
        own, seen = cache.self_attention_cache, cache.cross_attention_cache
        held = [
            part
            for mine, theirs in zip(own.layers, seen.layers, strict=True)
            for part in (mine.keys, mine.values, theirs.keys, theirs.values)
        ]
        last, *fresh = self._compute(hidden_states, *held)
        for index, (key, value) in enumerate(zip(fresh[::2], fresh[1::2], strict=True)):
            own.update(key, value, index)
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=last, cache=cache if use_cache else None
        )


def _holds_all(cache: Any) -> bool:
    """Say whether what the words look at is in the cache: only after the first piece."""
    updated = getattr(cache, "is_updated", None)
    return all(updated.values()) if updated else False


def _hides(mask: Tensor | None) -> bool:
    """Say whether a piece may not see one before it, as in a batch that is padded."""
    if mask is None:
        return False
    return bool((mask < 0).any() if mask.is_floating_point() else not mask.all())
