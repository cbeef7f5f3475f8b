"""A lattice is found where the decoder printed one, and can be trained away."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.metrics.lattice import lattice, lattice_share


@pytest.fixture
def strokes() -> Tensor:
    """Pictures of all tones, whose grain knows no cells."""
    chance = torch.Generator().manual_seed(2)
    tone = torch.rand((16, 1, 8, 8), generator=chance) * 1.6 - 0.8
    grain = torch.randn((16, 1, 128, 128), generator=chance) * 0.1
    return F.interpolate(tone, size=(128, 128), mode="bilinear") + grain


def planted(pictures: Tensor, kind: str, depth: float) -> Tensor:
    """Print a lattice on pictures: dots, lines across, lines down, or grain of uneven strength."""
    mark = torch.zeros_like(pictures)
    place = {"dots": (slice(0, None, 4),) * 2, "across": (slice(0, None, 4), slice(None))}
    place["down"] = place["across"][::-1]
    if kind == "strength":
        rough = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(9))
        mark[..., ::4, :] = rough[..., ::4, :]
    else:
        mark[(..., *place[kind])] = 1.0
    return pictures + depth * mark


def test_pictures_without_cells_have_hardly_any(strokes: Tensor) -> None:
    assert lattice_share(strokes) < 0.06


@pytest.mark.parametrize("kind", ["dots", "across", "down", "strength"])
def test_every_kind_is_found_and_more_of_it_counts_more(strokes: Tensor, kind: str) -> None:
    plain, little, much = (lattice_share(planted(strokes, kind, at)) for at in (0.0, 0.05, 0.15))
    assert 2 * plain < little < much


def test_a_lattice_of_the_dark_alone_is_found(strokes: Tensor) -> None:
    dark = F.avg_pool2d(strokes, 9, 1, 4) < -0.3
    assert lattice_share(torch.where(dark, planted(strokes, "dots", 0.15), strokes)) > 0.05


def test_tones_that_hardly_occur_are_left_out() -> None:
    assert lattice_share(torch.full((2, 1, 32, 32), 0.9)) < 1e-4
    assert lattice_share(torch.full((1, 1, 16, 16), 3.0)) == 0.0


def test_it_can_be_trained_away(strokes: Tensor) -> None:
    """A decoder's last layers have weights of their own for each place of a cell, as here."""
    places = nn.Parameter(torch.randn((4, 4), generator=torch.Generator().manual_seed(4)) * 0.2)
    optimiser = torch.optim.Adam([places], lr=3e-2)
    before = lattice_share(strokes + places.detach().repeat(32, 32))
    for _ in range(100):
        optimiser.zero_grad()
        lattice(strokes + places.repeat(32, 32)).backward()
        optimiser.step()
    after = lattice_share(strokes + places.detach().repeat(32, 32))
    assert after < 0.1 < 0.3 < before
