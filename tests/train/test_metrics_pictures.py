"""Each figure of pictures on a case whose answer is known by hand: padding added, a perfect copy, a
constant."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engrave.image import print_box
from train.metrics.generation import (
    kid_values,
    manifold,
    nearest_likeness,
    path_lengths,
    r_precision,
    spread,
)  # fmt: skip
from train.metrics.latent import asymmetry, off_pair_cosines
from train.metrics.masks import mask_of, masked_error, similarity, similarity_inside
from train.metrics.uncertainty import bootstrap_of, ratio_error


def rows(count: int, seed: int, shift: float = 0.0, width: int = 8) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) + shift


def test_padding_moves_no_masked_figure() -> None:
    real, drawn = (
        torch.rand(2, 1, 64, 48, generator=torch.Generator().manual_seed(k)) for k in (0, 1)
    )
    boxes = [print_box((48, 64), 64)] * 2
    padded, redrawn = (F.pad(x, (8, 8), value=1.0) for x in (real, drawn))
    mask = mask_of(boxes, 64)
    assert mask.sum() == 2 * 64 * 48
    plain = (drawn - real).pow(2).mean(dim=(1, 2, 3))
    torch.testing.assert_close(masked_error(redrawn, padded, mask), plain)
    torch.testing.assert_close(
        similarity_inside(redrawn, padded, boxes), similarity(drawn, real), atol=1e-5, rtol=0
    )
    assert (similarity(redrawn, padded) > similarity(drawn, real)).all(), "padding flatters"
    assert masked_error(redrawn + (1 - mask), padded, mask).tolist() == pytest.approx(
        plain.tolist()
    )


def test_similarity_of_a_copy_and_of_a_constant() -> None:
    real = torch.rand(2, 1, 64, 64) * 2 - 1
    assert similarity(real, real).tolist() == pytest.approx([1.0, 1.0])
    assert float(similarity(torch.zeros_like(real), real).max()) < 0.1


def test_kernel_distance_is_none_between_alike_and_large_between_unlike() -> None:
    real = rows(200, 0)
    assert float(kid_values(real, real).mean()) == pytest.approx(0.0, abs=1e-9)
    alike, unlike = (float(kid_values(rows(200, 1, shift), real).mean()) for shift in (0.0, 2.0))
    assert abs(alike) < 0.1 < 1.0 < unlike
    constant = real.mean(0).expand(200, -1)
    assert float(kid_values(constant, real).mean()) > 10 * abs(alike)


def test_kernel_distance_of_two_pairs_by_hand() -> None:
    drawn, real = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [1.0]])
    # k(x, y) = (x y + 1)^3: among drawn 27, among real 1, across k(1, 1) = 8 and k(2, 0) = 1
    assert kid_values(drawn, real).tolist() == [27 + 1 - 8 - 1] * 2


def test_manifold_agrees_with_the_library_of_its_authors() -> None:
    from prdc import compute_prdc

    drawn, real = rows(60, 1, 0.5), rows(80, 2)
    wanted = compute_prdc(real.numpy(), drawn.numpy(), nearest_k=5)
    found = {name: float(value.mean()) for name, value in manifold(drawn, real, 5).items()}
    assert found == pytest.approx({name: float(value) for name, value in wanted.items()}, abs=1e-6)


def test_manifold_of_a_copy_and_of_a_constant() -> None:
    real = rows(80, 3)
    copy = {name: float(value.mean()) for name, value in manifold(real, real).items()}
    assert copy["precision"] == copy["recall"] == copy["coverage"] == 1.0
    far = {name: float(v.mean()) for name, v in manifold(real * 0 + 50.0, real).items()}
    assert far == {"precision": 0.0, "recall": 0.0, "density": 0.0, "coverage": 0.0}


def test_match_of_own_texts_of_a_constant_and_of_the_second_best() -> None:
    eye = torch.eye(30)
    assert r_precision(eye, eye).tolist() == [1.0] * 30
    assert float(r_precision(torch.ones(30, 4), torch.ones(30, 4)).max()) == 0.0
    near = torch.eye(5)
    near[0, 1] = 2.0  # one of four texts is ahead of the own one; two of the four are drawn
    assert r_precision(near, torch.eye(5), others=2)[0] == pytest.approx(0.5)


def test_nearest_spread_and_path() -> None:
    known = torch.eye(4)
    assert nearest_likeness(known[:2] * 3, known).tolist() == [1.0, 1.0]
    assert nearest_likeness(known[:1], known[1:]).tolist() == [0.0]
    assert spread(torch.ones(5, 3)) == 0.0
    assert spread(torch.tensor([[0.0], [1.0], [2.0]])) == pytest.approx(4 / 3)
    assert path_lengths(known, known, 0.1).tolist() == [0.0] * 4
    assert path_lengths(torch.zeros(1, 1), torch.full((1, 1), 0.2), 0.1).tolist() == pytest.approx(
        [4]
    )


def test_latents_that_lean_and_that_point_one_way() -> None:
    assert asymmetry(torch.tensor([[-1.0, 1.0], [2.0, -2.0]])) == pytest.approx(0.0)
    assert asymmetry(torch.tensor([[0.0, 1.0]])) == pytest.approx(1.0)
    assert off_pair_cosines(torch.ones(3, 4)).tolist() == pytest.approx([1.0] * 3)
    assert off_pair_cosines(torch.eye(4)).tolist() == pytest.approx([0.0] * 4)


def test_uncertainty_of_a_ratio_and_of_any_figure() -> None:
    ones = np.ones(50)
    assert ratio_error(ones, ones) == 0.0
    noisy = np.random.default_rng(0).normal(1.0, 0.5, 400)
    assert ratio_error(noisy, np.ones(400)) == pytest.approx(0.025, rel=0.15)
    assert bootstrap_of(lambda rows: float(noisy[rows].max()), 400) > 0.0
    assert bootstrap_of(lambda rows: 1.0, 1) == 0.0
