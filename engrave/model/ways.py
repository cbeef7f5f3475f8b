"""Ways from one latent to another, frame by frame.

Shapes: L width of the latent, M width of the meaning, C channels, G cells along a side, N cells, F
frames of a walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import Tensor

from engrave.model import flow
from engrave.model.sphere import blend, to_sphere

if TYPE_CHECKING:
    from engrave.model.multimodal import MultimodalModel


def walk_latents(
    model: MultimodalModel,
    za_L: Tensor,
    zb_L: Tensor,
    *,
    shares: Sequence[float],
    mode: str = "prior",
    curve: str = "slerp",
    steps: int = 20,
) -> Tensor:
    """Return latents (F, L) at shares of the way from a to b: blends of the noises behind the
    layouts (`prior`) or of z (`direct`).

    The shares run from 0 to 1, and the frames there are a and b themselves: what the inversion
    loses is blended back in."""
    ends = torch.stack([za_L, zb_L])
    meaning, layout = model.split(ends)
    meanings = torch.stack([blend(meaning[0], meaning[1], share, curve) for share in shares])
    meanings = to_sphere(meanings, dim=-1)
    if mode == "direct":
        cells = rearrange(layout, "b c g h -> b (g h) c")
        rows = torch.stack([blend(cells[0], cells[1], share, curve) for share in shares])
        layouts = to_sphere(rearrange(rows, "f (g h) c -> f c g h", g=model.config.grid), dim=1)
    else:
        layouts = _walk_layouts(model, meaning, layout, meanings, shares, curve, steps)
    return model.join(meanings, layouts)


def _walk_layouts(
    model: MultimodalModel,
    meaning_2M: Tensor,
    layout_2CGG: Tensor,
    meanings_FM: Tensor,
    shares: Sequence[float],
    curve: str,
    steps: int,
) -> Tensor:
    noise = flow.invert_layout(model.layout_velocity(meaning_2M, None, 1.0), layout_2CGG, steps)
    flat = rearrange(noise, "b n c -> b (n c)")
    path = torch.stack([blend(flat[0], flat[1], share, curve) for share in shares])
    path = rearrange(path, "f (n c) -> f n c", c=model.config.layout_channels)
    drawn = model.imagine_layout(meanings_FM, None, path, 1.0, steps)
    lost_a, lost_b = layout_2CGG[0] - drawn[0], layout_2CGG[1] - drawn[-1]
    share = torch.tensor(shares, dtype=drawn.dtype, device=drawn.device)[:, None, None, None]
    return to_sphere(drawn + (1 - share) * lost_a + share * lost_b, dim=1)
