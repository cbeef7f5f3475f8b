"""What needs no model: principal components, thumbnails, the mean picture, other engravings'
captions.

Shapes: N pictures, P pixels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SIDE_PX = 64


def small(pictures_NSS: np.ndarray, side_px: int = SIDE_PX) -> Tensor:
    """Reduce byte pictures by area to (N, side, side) in [-1, 1]."""
    parts = []
    for start in range(0, len(pictures_NSS), 256):
        part = (
            torch.from_numpy(np.array(pictures_NSS[start : start + 256])).float()[:, None] / 127.5
            - 1
        )
        parts.append(F.avg_pool2d(part, part.shape[-1] // side_px)[:, 0])
    return torch.cat(parts)


@dataclass(frozen=True)
class Components:
    """Principal components of reduced pictures."""

    mean_P: Tensor
    basis_KP: Tensor

    @classmethod
    def fit(cls, pictures_NPP: Tensor, count: int) -> Components:
        """Fit on pictures (N, side, side); count is cut to what the data spans."""
        x_NP = pictures_NPP.flatten(1)
        mean_P = x_NP.mean(0)
        centred = x_NP - mean_P
        _, vectors = torch.linalg.eigh(centred.T @ centred)
        return cls(mean_P, vectors.flip(1)[:, : min(count, len(x_NP) - 1)].T.contiguous())

    def redraw(self, pictures_NPP: Tensor) -> Tensor:
        """Return what the components keep of pictures, (N, side, side)."""
        flat = pictures_NPP.flatten(1) - self.mean_P
        return (flat @ self.basis_KP.T @ self.basis_KP + self.mean_P).reshape(pictures_NPP.shape)


def thumbnail(pictures_NPP: Tensor, side_px: int = 32) -> Tensor:
    """Reduce to side_px and enlarge again, (N, side, side)."""
    tiny = F.avg_pool2d(pictures_NPP[:, None], pictures_NPP.shape[-1] // side_px)
    return F.interpolate(tiny, size=pictures_NPP.shape[-2:], mode="bicubic", align_corners=False)[
        :, 0
    ]


def most_frequent(captions: list[str]) -> str:
    """Return the commonest caption, the first in the alphabet among equals."""
    return min(Counter(captions).items(), key=lambda item: (-item[1], item[0]))[0]


def nearest_rows(query_NE: Tensor, answer_ME: Tensor) -> list[int]:
    """Return for each query the row of the answer with the highest dot product."""
    return [int(row) for row in (query_NE @ answer_ME.T).argmax(1)]
