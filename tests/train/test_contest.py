"""What the decoder draws from and what judges it: layouts lost in noise, and windows on strokes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from engrave.model.sphere import SCALE, to_sphere
from train import config as settings
from train.stages.autoencoder import MOST_NOISE, AutoencoderStage
from train.stages.heads import WINDOW, ProjectedHeads, heads_loss, window


def blurred(layout: torch.Tensor, *, share: float, progress: float, seed: int = 3) -> torch.Tensor:
    stage = SimpleNamespace(
        progress=progress, context=SimpleNamespace(config=SimpleNamespace(layout_lost=share))
    )
    blur = AutoencoderStage._blur
    return blur(stage, layout, torch.Generator().manual_seed(seed))  # type: ignore[arg-type]


@pytest.fixture
def layout() -> torch.Tensor:
    return to_sphere(torch.randn((400, 12, 4, 4), generator=torch.Generator().manual_seed(1)), 1)


def test_a_layout_is_blurred_the_more_the_further_training_is(layout: torch.Tensor) -> None:
    assert torch.equal(blurred(layout, share=0.0, progress=0.0), layout)
    added = (blurred(layout, share=0.0, progress=1.0) - layout) / SCALE
    assert float(added.std()) == pytest.approx(MOST_NOISE, rel=0.05)


def test_the_asked_share_of_layouts_is_lost_and_the_others_are_kept(layout: torch.Tensor) -> None:
    lost = (blurred(layout, share=0.25, progress=0.0) != layout).flatten(1).any(1)
    assert float(lost.float().mean()) == pytest.approx(0.25, abs=0.07)
    again = blurred(layout, share=0.25, progress=0.0)
    assert torch.equal(again, blurred(layout, share=0.25, progress=0.0))
    some = blurred(layout, share=1.0, progress=0.0)
    likeness = torch.cosine_similarity(some.flatten(1), layout.flatten(1))
    assert float(likeness.max()) > 0.95 > 0.6 > float(likeness.min())  # of every strength


def test_no_shipped_preset_loses_layouts_unasked() -> None:
    assert {settings.named(name).layout_lost for name in (*settings.BASES, "wide")} == {0.0}


def test_a_window_stays_within_the_picture() -> None:
    picture = torch.arange(128 * 128.0).reshape(1, 1, 128, 128)
    assert torch.equal(window(picture, (0.0, 0.0)), picture[..., :WINDOW, :WINDOW])
    assert torch.equal(window(picture, (0.9999, 0.9999)), picture[..., -WINDOW:, -WINDOW:])
    small = picture[..., :32, :32]
    assert torch.equal(window(small, (0.7, 0.2)), small)


def test_the_head_of_strokes_learns_to_see_a_grid_of_four_pixels() -> None:
    """The shifts between layers of the decoder leave such a grid, and no feature tells of it."""
    torch.manual_seed(5)
    heads = ProjectedHeads()
    plain = torch.randn(8, 1, WINDOW, WINDOW)
    grid = plain.clone()
    grid[..., ::4, ::4] += 2.0
    features = [torch.zeros(8, channels, 4, 4) for channels in (24, 40, 112)]
    optimiser = torch.optim.Adam(heads.judge[-1].parameters(), lr=3e-3)
    for _ in range(30):
        optimiser.zero_grad()
        heads_loss(heads(features, grid), heads(features, plain)).backward()
        optimiser.step()
    apart = heads(features, plain)[-1].mean() - heads(features, grid)[-1].mean()
    assert float(apart.detach()) > 0.5


def test_layouts_in_half_precision_are_blurred_too(layout: torch.Tensor) -> None:
    """As they come out of an encoder that runs in mixed precision."""
    half = blurred(layout.bfloat16(), share=0.5, progress=0.5)
    assert torch.allclose(half.float(), blurred(layout, share=0.5, progress=0.5), atol=1e-3)
