"""Statistics of latents.

Shapes: N pictures, L width of the latent.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def asymmetry(z_NL: Tensor) -> float:
    """Return how far the range leans to one side, 0 (as far down as up) to 1, by the mean highest
    and lowest number of a latent."""
    high, low = float(z_NL.amax(1).mean()), float(z_NL.amin(1).mean())
    return abs(high + low) / max(abs(high), abs(low), 1e-12)


def off_pair_cosines(z_NL: Tensor) -> Tensor:
    """Return the mean cosine of each latent with all the others, (N,)."""
    rows = F.normalize(z_NL.double(), dim=-1)
    cosine = rows @ rows.T
    return (cosine.sum(1) - cosine.diagonal()) / (len(z_NL) - 1)
