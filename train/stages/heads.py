"""Small heads on frozen features that tell drawn from real (Projected GAN, Sauer et al. 2021), and
the feature loss.

Shapes: B pictures, C channels, h cells of a stage.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

TAKEN = {1: 24, 2: 40, 4: 112}  # blocks of Lite0 at strides 4, 8 and 16, and their channels
MIXED = 64


def features(net: Any, picture_B1SS: Tensor) -> list[Tensor]:
    """Return Lite0's features (B, C, h, h) at strides 4, 8 and 16."""
    x = net.bn1(net.conv_stem(picture_B1SS.expand(-1, 3, -1, -1)))
    found = []
    for index in range(max(TAKEN) + 1):
        x = net.blocks[index](x)
        if index in TAKEN:
            found.append(x)
    return found


def feature_distance(drawn: list[Tensor], real: list[Tensor]) -> Tensor:
    """Return the mean absolute difference of features, each stage in units of its own size."""
    parts = [
        (a - b).abs().mean() / b.abs().mean().clamp_min(1e-6)
        for a, b in zip(drawn, real, strict=True)
    ]
    return torch.stack(parts).mean()


class ProjectedHeads(nn.Module):
    """A fixed random mixing and two spectrally normed convolutions on each stage -> scores."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.ModuleList(
            nn.Conv2d(channels, MIXED, 1, bias=False) for channels in TAKEN.values()
        )
        self.mix.requires_grad_(False)
        for layer in self.mix:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")  # type: ignore[arg-type]
        self.judge = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(MIXED, MIXED, 3, stride=2 if stage == 1 else 1, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(MIXED, 1, 3, padding=1)),
            )
            for stage in TAKEN
        )

    def forward(self, features_list: list[Tensor]) -> list[Tensor]:
        mixed = [mix(x) for mix, x in zip(self.mix, features_list, strict=True)]
        return [
            judge(x / x.detach().std().clamp_min(1e-6))
            for judge, x in zip(self.judge, mixed, strict=True)
        ]


def heads_loss(drawn: list[Tensor], real: list[Tensor]) -> Tensor:
    """Hinge loss of the heads."""
    return torch.stack(
        [F.relu(1 + a).mean() + F.relu(1 - b).mean() for a, b in zip(drawn, real, strict=True)]
    ).mean()


def drawer_loss(drawn: list[Tensor]) -> Tensor:
    """Hinge loss of what draws."""
    return -torch.stack([a.mean() for a in drawn]).mean()
