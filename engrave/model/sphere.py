"""Geometry of the latent: spheres, and the ways along them.

Every number of a meaning and of a layout has a root mean square of 1/32, so 1,024 of them have
norm 1; a latent of any other width is scaled to it.
"""

import torch
from torch import Tensor

SCALE = 1.0 / 32.0


def to_sphere(x: Tensor, dim: int) -> Tensor:
    """Scale along dim so that the root mean square is 1/32."""
    return x * (SCALE * x.pow(2).mean(dim, keepdim=True).add(1e-12).rsqrt())


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """Go the given share of the great circle from a to b (last dimension); norms are blended
    evenly."""
    norm_a, norm_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    cosine = ((a / norm_a) * (b / norm_b)).sum(-1, keepdim=True).clamp(-1.0, 1.0)
    angle = torch.acos(cosine)
    if bool((angle < 1e-4).all()):
        return torch.lerp(a, b, share)
    sine = torch.sin(angle).clamp_min(1e-6)
    unit = torch.sin((1 - share) * angle) / sine * (a / norm_a) + torch.sin(
        share * angle
    ) / sine * (b / norm_b)
    return unit * torch.lerp(norm_a, norm_b, share)


def blend(a: Tensor, b: Tensor, share: float, curve: str) -> Tensor:
    """Blend by the curve `slerp` or `lerp`."""
    return slerp(a, b, share) if curve == "slerp" else torch.lerp(a, b, share)
