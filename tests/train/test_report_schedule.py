"""Each shape of a learning rate is told from the others; correlations are read by sign and size."""

from __future__ import annotations

import numpy as np
import pytest

from train.report.correlations import interpret
from train.report.log import Series
from train.report.schedule import recognise

PLACE = np.linspace(0, 1, 1000)
SHAPES = {
    "cosine": (1 + np.cos(np.pi * PLACE)) / 2 + 0.01,
    "linear": 1.01 - PLACE,
    "exponential": np.exp(-5 * PLACE),
    "inverse square root": 1 / np.sqrt(1 + 100 * PLACE),
    "flat, then falling": 1.01 - np.clip((PLACE - 0.8) / 0.2, 0, 1),
    "staircase": 0.1 ** np.floor(3 * PLACE),
    "constant": np.ones(1000),
    "unrecognised": 1 + 0.5 * np.sin(40 * PLACE),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("warm_up", [0, 50])
def test_shapes(shape: str, warm_up: int) -> None:
    rate = 1e-3 * SHAPES[shape]
    if warm_up and shape in ("constant", "unrecognised"):
        pytest.skip("has no end of the warm-up to find")
    rate = np.concatenate([np.linspace(0, 0.999, warm_up) * rate[0], rate])
    plan = recognise(Series("learning_rate", np.arange(len(rate)), rate))
    assert plan.shape == shape
    assert plan.warm_up == warm_up


def test_a_jump_is_not_smooth() -> None:
    rate = 1e-3 * SHAPES["cosine"]
    assert recognise(Series("learning_rate", np.arange(1000), rate)).smooth
    rate = np.where(PLACE > 0.7, 5 * rate, rate)
    assert not recognise(Series("learning_rate", np.arange(1000), rate)).smooth


@pytest.mark.parametrize(
    ("left", "right", "r", "moving", "says"),
    [
        ("latent_std", "latent_norm", 0.9996, 0.99, "one figure under two names"),
        ("learning_rate", "latent_mean", -0.923, 0.01, "merely follow the clock"),
        ("loss_image", "loss_caption", -0.6, -0.3, "they compete"),
        ("loss_image", "loss_caption", 0.6, 0.3, "gain together"),
        ("latent_norm", "loss_alignment", 0.8, 0.5, "shrinkage"),
        ("latent_norm", "loss_alignment", -0.8, 0.5, "earned"),
        ("a", "b", 0.05, 0.0, "independently"),
        ("a", "b", 0.8, 0.0, "common trend"),
    ],
)
def test_interpretation(left: str, right: str, r: float, moving: float, says: str) -> None:
    assert says in interpret(left, right, r, moving)
    assert says in interpret(right, left, r, moving)
