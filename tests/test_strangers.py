"""The shipped model tells what is no engraving."""

import numpy as np
import pytest
from PIL import Image

from engrave.config import UPSCALE
from engrave.engine import Engine
from engrave.places import ASSETS

SIDE = 8 * UPSCALE


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The shipped model and collection, whatever the environment names."""
    return Engine.load(ASSETS / "model", ASSETS / "collection")


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [
        noise(),
        np.full((SIDE, SIDE), 128, np.uint8),
        np.full((SIDE, SIDE), 255, np.uint8),
        np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1)),
    ],
    ids=["noise", "grey", "blank", "gradient"],
)
def test_what_is_no_engraving_is_outside(engine: Engine, pixels: np.ndarray) -> None:
    assert engine.nearness(engine.encode(Image.fromarray(pixels))).outside


def test_what_the_model_knows_is_not(engine: Engine) -> None:
    rows = np.linspace(0, len(engine.collection) - 1, 200).astype(int)
    strange = [engine.nearness(engine.collection.latents[row]).outside for row in rows]
    assert np.mean(strange) <= 0.03
