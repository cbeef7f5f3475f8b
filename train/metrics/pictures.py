"""Errors between drawn and real pictures in [-1, 1], and how sharp the drawn ones are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LAPLACE = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])[None, None]


def reduced(pictures_B1SS: Tensor, side_px: int) -> Tensor:
    """Reduce by area to side_px, (B, 1, s, s); smaller pictures stay as they are."""
    factor = pictures_B1SS.shape[-1] // side_px
    return F.avg_pool2d(pictures_B1SS, factor) if factor > 1 else pictures_B1SS


def edge_energy(pictures_B1SS: Tensor) -> Tensor:
    """Return the mean squared Laplacian at 128 px of each picture, (B,)."""
    return (
        F.conv2d(reduced(pictures_B1SS, 128), LAPLACE.to(pictures_B1SS)).pow(2).mean(dim=(1, 2, 3))
    )


def squared_error(drawn: Tensor, real: Tensor) -> Tensor:
    """Return the mean squared error of each picture, (B,)."""
    return (drawn - real).pow(2).mean(dim=(1, 2, 3))


def picture_scores(drawn: Tensor, real: Tensor) -> dict[str, float]:
    """Return `image_mse`, `image_mse_64`, `image_mse_128` and `sharpness` (drawn / real)."""
    sharpness = edge_energy(drawn).mean() / edge_energy(real).mean().clamp_min(1e-9)
    scores = {"image_mse": float(squared_error(drawn, real).mean()), "sharpness": float(sharpness)}
    for side in (128, 64):
        scores[f"image_mse_{side}"] = float(
            squared_error(reduced(drawn, side), reduced(real, side)).mean()
        )
    return scores
