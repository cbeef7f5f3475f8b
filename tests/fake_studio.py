"""A model without weights: draws plausible pictures with numpy and walks along straight lines."""

import hashlib
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from PIL import Image

from engrave.config import ModelConfig

Progress = Callable[[float, str], None]
SIDE_PX = 256
WIDTH, NARROW = 1024, 512
NOUNS = ("a ship", "an owl", "a tower", "an old man", "a horse", "a bridge", "a lion", "a tree")
PLACES = ("on a hill", "by the sea", "in a wood", "before a wall", "under dark clouds")


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows at norm 1, float32."""
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def latent_from(text: str) -> np.ndarray:
    """Return the same latent for the same text."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return unit(np.random.default_rng(seed).normal(size=WIDTH))


def draw(latent: np.ndarray, side_px: int = SIDE_PX) -> Image.Image:
    """Draw hatched hills under a hatched sky; near latents give near pictures."""
    a, b, c, d, e = 32 * latent[:5].astype(float)
    y, x = np.mgrid[0:side_px, 0:side_px] / side_px
    hill = 0.55 + 0.12 * np.sin(6 * x + 2 * a) + 0.05 * np.sin(17 * x + 3 * b)
    sky = 0.75 + 0.25 * np.sin(90 * y + 6 * np.sin(5 * x + c))
    ground = 0.35 + 0.35 * np.sin(110 * (x + 0.4 * d * y) + 9 * y)
    sun = ((x - 0.5 - 0.15 * d) ** 2 + (y - 0.25 - 0.05 * e) ** 2) < 0.006
    ink = np.where(y > hill, ground, np.where(sun, 1.0, sky))
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) < 0.03
    return Image.fromarray((np.clip(np.where(edge, 1, ink), 0, 1) * 255).astype(np.uint8))


def caption_of(latent: np.ndarray) -> str:
    """Return a caption that depends on the latent."""
    first, second = (int(abs(value) * 10_000) for value in latent[:2])
    return f"{NOUNS[first % len(NOUNS)]} {PLACES[second % len(PLACES)]} with fine hatching"


class FakeStudio:
    """Has the methods of the studio that walks, recipes and imports call; it walks straight."""

    config = ModelConfig.named("small")
    facts: ClassVar[dict[str, str]] = {"version": "fake-1"}

    def encode_batch(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """Return a latent for each picture, near for near pictures."""
        small = np.stack([np.asarray(one.convert("L").resize((32, 32)), float) for one in pictures])
        return unit(small.reshape(len(pictures), WIDTH) - 127.4)

    def path(
        self,
        a: np.ndarray,
        b: np.ndarray,
        *,
        shares: Sequence[float],
        mode: str,
        curve: str,
        steps: int,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Return latents on a straight line, with a hurry in the middle."""
        if progress:
            progress(0.0, "finding the way")
        hurried = np.array([share**2 * (3 - 2 * share) for share in shares])[:, None]
        return unit((1 - hurried) * a + hurried * b)

    def decode(self, latents: np.ndarray, progress: Progress | None = None) -> list[Image.Image]:
        """Return drawn pictures."""
        pictures = []
        for k, latent in enumerate(latents):
            if progress:
                progress(k / len(latents), f"frame {k + 1}")
            pictures.append(draw(latent))
        return pictures

    def see(self, pictures: Sequence[Image.Image], progress: Progress | None = None) -> np.ndarray:
        """Return coarse pixels."""
        if progress:
            progress(0.0, "Looking")
        return np.stack([np.asarray(one.resize((8, 8)), np.float32).ravel() for one in pictures])

    def embed(self, latents: np.ndarray) -> np.ndarray:
        """Return half of each latent."""
        return unit(latents[:, :NARROW])

    def captions(self, latents: np.ndarray, progress: Progress | None = None) -> list[str]:
        """Return a caption for each latent."""
        if progress:
            progress(0.0, "Describing")
        return [caption_of(latent) for latent in latents]

    def encode(self, picture: Image.Image) -> np.ndarray:
        """Return a latent that depends on the picture."""
        return latent_from(hashlib.sha256(picture.tobytes()).hexdigest())

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return an embedding for each text."""
        return self.embed(np.stack([latent_from(text) for text in texts]))

    def imagine(
        self,
        text: str,
        seed: int,
        guidance: float,
        steps: int,
        exemplar: np.ndarray | None,
        progress: Progress | None = None,
        less: str = "",
        less_weight: float = 1.0,
    ) -> np.ndarray:
        """Return the same latent for the same settings."""
        away = f"|{less}|{less_weight}" if less else ""
        return latent_from(f"{text}|{seed}|{guidance}|{steps}{away}")

    def revise(
        self,
        latent: np.ndarray,
        other: np.ndarray,
        text: str,
        *,
        seed: int,
        guidance: float,
        steps: int,
        keep_meaning: float,
        keep_layout: float,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Blend with noise by what shall be kept."""
        noise = latent_from(f"{text}|{seed}")
        kept = keep_layout * latent + (1 - keep_meaning) * other + (1 - keep_layout) * noise
        return unit(kept)
