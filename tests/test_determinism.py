"""The same seed gives the same pixels, again and beside others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engrave.engine import Engine


def test_the_same_seed_gives_the_same_pixels_again_and_in_a_batch() -> None:
    engine = Engine.load()
    alone = next(engine.generate("a ship in a storm", num=1, seed=8, steps=4, describe=False))
    beside = list(engine.generate("a ship in a storm", num=2, seed=7, steps=4, describe=False))
    assert alone.image.tobytes() == beside[1].image.tobytes()
    three = engine.decode(np.stack([beside[0].latent, beside[1].latent, alone.latent]))
    apart = np.abs(np.asarray(three[0], int) - np.asarray(beside[0].image, int))
    assert apart.max() <= 1  # grey levels of 255
    again = next(engine.generate("a ship in a storm", num=1, seed=8, steps=4, describe=False))
    assert hashlib.sha256(again.image.tobytes()).digest() == (
        hashlib.sha256(alone.image.tobytes()).digest()
    )


@pytest.fixture
def threads() -> Iterator[None]:
    """Whatever number of threads a test chooses, the next has the old one."""
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_changes_hardly_a_pixel() -> None:
    drawn = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        engine = Engine.load()  # its graphs have as many threads as there are when it wakes
        plate = next(engine.generate("an owl", num=1, seed=3, steps=4, describe=False))
        drawn.append(np.asarray(plate.image, int))
    for other in drawn[1:]:
        apart = np.abs(drawn[0] - other)
        assert apart.max() <= 1 and (apart > 0).mean() < 0.001  # as the README tells
