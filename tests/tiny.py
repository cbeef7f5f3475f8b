"""Builds a small collection with random vectors, for tests."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engrave.collection import Collection, Item, Label

SUBJECTS = ("sea", "animal", "people")


def tiny_item(row: int) -> Item:
    """Return an item whose facts all follow from its row."""
    return Item(
        id=f"{100 + row % 4}-{row:04d}",
        caption=f"picture {row} of a ship",
        printed=f"Fig. {row}" if row % 3 else "",
        subject=SUBJECTS[row % len(SUBJECTS)],
        technique="woodcut" if row % 2 else "metal",
        kind="picture",
        book=f"Book {row % 4}",
        author="Doe, Jane",
        language="en",
        year=1843 + row,
        gutenberg_id=100 + row % 4,
        split="train",
        x=float(row),
        y=float(-row),
    )


def tiny_collection(
    count: int = 30,
    *,
    latent_width: int = 48,
    embedding_width: int = 32,
    model_version: str = "",
) -> Collection:
    """Return random latents and embeddings with facts; the same each time."""
    rng = np.random.default_rng(0)
    return Collection(
        [tiny_item(row) for row in range(count)],
        latents=rng.normal(size=(count, latent_width)),
        embeddings=rng.normal(size=(count, embedding_width)),
        label=Label(name="tiny", version="1", model_version=model_version, cell_px=16),
    )


def tiny_sprites(count: int = 30) -> list[Image.Image]:
    """Return plain pictures; number k has the grey 7 k modulo 251."""
    return [Image.new("L", (64, 64), 7 * row % 251) for row in range(count)]
