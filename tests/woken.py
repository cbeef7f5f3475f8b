"""A model of preset smoke whose every weight was woken by noise, so that no part can hide behind a
zero."""

from __future__ import annotations

import dataclasses

import torch

from engrave.config import smoke
from engrave.model.multimodal import MultimodalModel
from engrave.tokenizer import SPECIALS, Tokenizer

WORDS = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
WORDS += ["ship", "sea", "castle", "the", "on", "man", "left", "right"]


def woken_model() -> MultimodalModel:
    """Return the same model each time, in evaluation mode."""
    pieces = Tokenizer([*SPECIALS, *WORDS])
    sizes = dataclasses.replace(smoke(), text_vocab=len(pieces), caption_vocab=len(pieces))
    model = MultimodalModel(sizes, pieces, pieces).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for name, weight in sorted(model.named_parameters()):
        if "meaning.net" not in name:
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
        elif weight.dim() > 1:
            fan_in = weight[0].numel()
            weight.copy_(torch.randn(weight.shape, generator=generator) * (2.0 / fan_in) ** 0.5)
    return model


def ramp(count: int = 2, side_px: int = 64) -> torch.Tensor:
    """Return pictures (B, 1, S, S) that differ everywhere, in [-1, 1]."""
    line = torch.linspace(-1, 1, side_px)
    tilted = [line[None] * (0.3 + 0.5 * k) + line[:, None] * (0.7 - 0.9 * k) for k in range(count)]
    return torch.stack(tilted)[:, None].sin()
