"""Views keep the print, mirror where they say so, and never change."""

from __future__ import annotations

import numpy as np
import torch

from tests.drawings import draw
from train.views import is_mirrored, look


def pixels(side: str = "left") -> torch.Tensor:
    return torch.from_numpy(np.asarray(draw("tower", side, True, (64, 64))).copy())[None].repeat(
        3, 1, 1
    )


def test_view_zero_is_the_picture() -> None:
    assert torch.equal(look(pixels(), torch.arange(3), 0, 7)[:, 0], pixels().float() / 127.5 - 1)


def test_view_one_is_its_exact_mirror() -> None:
    mirror = look(pixels(), torch.arange(3), 1, 7)
    plain = look(pixels(), torch.arange(3), 0, 7)
    torch.testing.assert_close(mirror, plain.flip(-1), atol=1e-3, rtol=0)


def test_odd_views_move_ink_to_the_other_side() -> None:
    for view in range(6):
        ink = (1 - look(pixels(), torch.arange(3), view, 7))[:, 0].sum(1)
        left, right = ink[:, :32].sum(1), ink[:, 32:].sum(1)
        assert bool(((left > right) != is_mirrored(view)).all())


def test_paper_outside_stays_white_and_the_print_stays_inside() -> None:
    for view in (2, 3, 4):
        seen = look(pixels("middle"), torch.arange(3), view, 7)
        assert seen.max() <= 1.0 + 1e-5 and seen.min() >= -1.0 - 1e-5
        assert torch.allclose(seen[:, :, 0], torch.ones_like(seen[:, :, 0]), atol=1e-5)


def test_a_view_depends_on_its_picture_only() -> None:
    alone = look(pixels()[:1], torch.tensor([41]), 2, 7)
    beside = look(pixels(), torch.tensor([3, 41, 5]), 2, 7)
    torch.testing.assert_close(alone[0], beside[1])
    assert (beside[0] - beside[1]).abs().max() > 1e-3
