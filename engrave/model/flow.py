"""Integrates the priors: noise to latents, latents back to noise, and walks that stay among likely
latents.

Shapes: B samples, M width of the meaning, C channels, G cells along a side, N cells, E width of
the embedding."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from engrave.model.priors import LayoutPrior, MeaningPrior
from engrave.model.sphere import SCALE, to_sphere

# a clean layout is read at this time: at 1 the velocity of an x-prediction divides by zero
T_END = 0.98
Velocity = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True, slots=True)
class Less:
    """A text that a picture shall move away from, and how strongly."""

    text_1E: Tensor
    weight: float


def guided(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022, eq. 6): 1 is the plain conditional."""
    return unconditional + guidance * (conditional - unconditional)


def integrate(velocity: Velocity, x: Tensor, *, start: float, end: float, steps: int) -> Tensor:
    """Follow the velocity from one time to another by Euler steps."""
    for index in range(steps):
        t = start + (end - start) * index / steps
        x = x + (end - start) / steps * velocity(x, t)
    return x


def meaning_velocity(
    prior: MeaningPrior,
    text_BE: Tensor | None,
    guidance: float,
    width: int,
    less: Less | None = None,
) -> Velocity:
    """Return the velocity of noisy meanings, with guidance where a text is given."""

    def velocity(x_BM: Tensor, t: float) -> Tensor:
        time = x_BM.new_full((len(x_BM),), t)
        yes = torch.ones(len(x_BM), dtype=torch.bool, device=x_BM.device)
        blank = x_BM.new_zeros(len(x_BM), width)
        if text_BE is None and less is None:
            return prior(x_BM, time, blank, ~yes)
        aim = None if text_BE is None else prior(x_BM, time, text_BE, yes)
        if aim is not None and guidance == 1.0 and less is None:
            return aim
        free = prior(x_BM, time, blank, ~yes)
        moved = free if aim is None else guided(aim, free, guidance)
        if less is None:
            return moved
        return moved - less.weight * (prior(x_BM, time, less.text_1E, yes) - free)

    return velocity


def layout_velocity(
    prior: LayoutPrior,
    meaning_BM: Tensor,
    text_BE: Tensor | None,
    guidance: float,
    width: int,
) -> Velocity:
    """Return the velocity of noisy layouts (B, N, C) for meanings of unit variance."""

    def clean(x_BNC: Tensor, t: float, meaning: Tensor, text: Tensor | None) -> Tensor:
        time = x_BNC.new_full((len(x_BNC),), t)
        has_text = torch.full((len(x_BNC),), text is not None, device=x_BNC.device)
        return prior(
            x_BNC,
            time,
            meaning,
            x_BNC.new_zeros(len(x_BNC), width) if text is None else text,
            has_text,
        )

    def velocity(x_BNC: Tensor, t: float) -> Tensor:
        aim = clean(x_BNC, t, meaning_BM, text_BE)
        if guidance != 1.0:
            aim = guided(aim, clean(x_BNC, t, torch.zeros_like(meaning_BM), None), guidance)
        return (aim - x_BNC) / (1.0 - t)

    return velocity


def sample_meaning(velocity: Velocity, noise_BM: Tensor, steps: int, start: float = 0.0) -> Tensor:
    """Return meanings on their sphere, mean 0, norm sqrt(M) / 32, drawn from a time on."""
    x = integrate(velocity, noise_BM, start=start, end=1.0, steps=steps)
    return F.layer_norm(x, x.shape[-1:]) * SCALE


def sample_layout(velocity: Velocity, noise_BNC: Tensor, steps: int, start: float = 0.0) -> Tensor:
    """Return layouts (B, C, G, G), each cell on its sphere, drawn from a time on."""
    x = integrate(velocity, noise_BNC, start=start, end=1.0, steps=steps)
    side = int(x.shape[1] ** 0.5)
    return to_sphere(rearrange(x, "b (g h) c -> b c g h", g=side), dim=1)


def as_cells(layout_BCGG: Tensor) -> Tensor:
    """Return layouts as cells (B, N, C) of unit variance, as the flow knows them."""
    return rearrange(layout_BCGG / SCALE, "b c g h -> b (g h) c")


def invert_layout(velocity: Velocity, layout_BCGG: Tensor, steps: int) -> Tensor:
    """Return the noise (B, N, C) from which the flow would draw these layouts.

    A DDIM-like inversion: the same path, walked back.
    """
    return integrate(velocity, as_cells(layout_BCGG), start=T_END, end=0.0, steps=steps)
