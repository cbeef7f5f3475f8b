"""Small heads on frozen features that tell drawn from real (Projected GAN, Sauer et al. 2021), one
more that looks at the strokes themselves, and the feature loss.

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
STROKES = (24, 48)  # channels of the head that sees pixels; one score for windows of 26 pixels
WINDOW = 64  # side in pixels of what it sees of each picture: strokes are alike everywhere


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
    """A fixed random mixing and two spectrally normed convolutions on each stage -> scores.

    Features begin at strides of four pixels, where a grid of that width is hard to see, so a head
    of its own looks at the picture (PatchGAN, Isola et al. 2017)."""

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
        narrow, wide = STROKES
        self.judge.append(
            nn.Sequential(
                spectral_norm(nn.Conv2d(1, narrow, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(narrow, wide, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(wide, wide, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(wide, 1, 3, padding=1)),
            )
        )

    def forward(self, features_list: list[Tensor], picture_B1SS: Tensor) -> list[Tensor]:
        """Return scores at each stage of the features, and last those of the strokes."""
        mixed = [mix(x) for mix, x in zip(self.mix, features_list, strict=True)]
        scores = [
            judge(x / x.detach().std().clamp_min(1e-6))
            for judge, x in zip(self.judge[:-1], mixed, strict=True)
        ]
        return [*scores, self.judge[-1](picture_B1SS)]


def window(picture_B1SS: Tensor, share_2: tuple[float, float]) -> Tensor:
    """Cut a window (B, 1, 64, 64) at shares of the way down and to the right."""
    rest = max(0, picture_B1SS.shape[-1] - WINDOW)
    top, left = (int(share * (rest + 1)) for share in share_2)
    return picture_B1SS[..., top : top + WINDOW, left : left + WINDOW]


def heads_loss(drawn: list[Tensor], real: list[Tensor]) -> Tensor:
    """Hinge loss of the heads."""
    return torch.stack(
        [F.relu(1 + a).mean() + F.relu(1 - b).mean() for a, b in zip(drawn, real, strict=True)]
    ).mean()


def drawer_loss(drawn: list[Tensor]) -> Tensor:
    """Hinge loss of what draws."""
    return -torch.stack([a.mean() for a in drawn]).mean()
