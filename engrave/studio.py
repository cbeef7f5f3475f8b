"""The model behind a lock: pictures, texts and numpy rows in and out. Knows no collection.

Shapes: L width of the latent, E width of the embedding, N pictures, texts or frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import get_ident

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from engrave.config import BEAMS, HOLD
from engrave.image import pad_square
from engrave.model.flow import Less
from engrave.model.graphs import hastened
from engrave.model.multimodal import MultimodalModel
from engrave.model.pixels import to_image, to_tensor
from engrave.model.ways import walk_latents
from engrave.progress import Progress, tell
from engrave.turns import Turns
from engrave.words import spans

PLATE_BEAMS = 3  # for captions of pictures that the model made
DECODED_AT_ONCE = 4  # pictures in one pass of the decoder; more is no faster on a CPU
ENCODED_AT_ONCE = 4  # pictures in one pass of the encoders; more leave the cache
DESCRIBED_AT_ONCE = 8  # pictures in one beam search; more takes a second before others may go on


@dataclass(frozen=True, slots=True)
class Scored:
    """How probable a text is, from 0 to 1: the geometric mean over its pieces."""

    probability: float
    words: tuple[tuple[str, float], ...]  # as they stand between spaces


class Studio:
    """Lets one caller at a time use the model, and each for a second or so before the next."""

    def __init__(self, model: MultimodalModel) -> None:
        self.config, self.facts = model.config, model.facts
        self._model, self._eye = hastened(model)
        self._turns = Turns()

    def encode(self, picture: Image) -> np.ndarray:
        """Return the latent (L,) of a grey picture."""
        return self.encode_batch([picture])[0]

    def encode_batch(self, pictures: Sequence[Image]) -> np.ndarray:
        """Return the latents (N, L) of grey pictures, a few at a time."""
        squares = [to_tensor(pad_square(picture, self.config.side_px)) for picture in pictures]
        rows: list[np.ndarray] = []
        for some in torch.stack(squares).split(ENCODED_AT_ONCE):
            with self._turn():
                rows.append(_rows(self._model.join(self._eye(some), self._model.layout(some))))
        return np.concatenate(rows)

    def embed(self, latents_NL: np.ndarray) -> np.ndarray:
        """Return the joint embeddings (N, E) of latents."""
        with self._turn():
            return _rows(self._model.embed(_tensor(latents_NL)))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return the joint embeddings (N, E) of texts; the batch does not change them."""
        rows = [np.zeros((0, self.config.embedding_width), np.float32)]
        for text in texts:
            with self._turn():
                rows.append(_rows(self._model.embed_text([text])))
        return np.concatenate(rows)

    def describe(self, latent_L: np.ndarray, num: int) -> list[tuple[str, float]]:
        """Return up to num captions with their mean log-probability in nats a token, best first."""
        with self._turn():
            return self._model.describe(
                _tensor(latent_L[None]), num_beams=max(BEAMS, num), num_candidates=num
            )

    def sample(self, latent_L: np.ndarray, num: int, seed: int) -> list[str]:
        """Return up to num captions drawn by chance from the likely ones, the same for a seed."""
        with self._turn():
            return self._model.sample_captions(_tensor(latent_L[None]), num=num, seed=seed)

    def score(self, latent_L: np.ndarray, texts: Sequence[str]) -> list[Scored]:
        """Return how probable each text is for the picture, as a whole and word by word."""
        with self._turn():
            rows = self._model.token_scores(_tensor(latent_L[None]), texts)
        pieces = [self._model.caption_pieces.places(text) for text in texts]
        return [
            Scored(math.exp(sum(row) / len(row)), _word_scores(text, row[:-1], places))
            for text, row, places in zip(texts, rows, pieces, strict=True)
        ]

    def captions(self, latents_NL: np.ndarray, progress: Progress | None = None) -> list[str]:
        """Return one caption for each latent, some at a time."""
        found: list[str] = []
        for group in _tensor(latents_NL).split(DESCRIBED_AT_ONCE):
            tell(progress, len(found) / len(latents_NL), "Describing")
            with self._turn():
                found += self._model.describe_batch(group, num_beams=PLATE_BEAMS)
        return found

    def imagine(
        self,
        text: str,
        seed: int,
        guidance: float,
        steps: int,
        exemplar_L: np.ndarray | None,
        progress: Progress | None = None,
        less: str = "",
        less_weight: float = 1.0,
    ) -> np.ndarray:
        """Draw a latent (L,) for a text, or from chance where it is empty; it may lean on one."""
        exemplars = None if exemplar_L is None else _tensor(exemplar_L[None])
        passes = steps if guidance == 1.0 else 2 * steps
        with self._turn(), self._watched(progress, "Imagining", passes):
            text_1E = self._model.embed_text([text]) if text else None
            away = Less(self._model.embed_text([less]), less_weight) if less else None
            z_1L = self._model.imagine(
                text_1E,
                seeds=[seed],
                guidance=guidance,
                steps=steps,
                exemplars_BL=exemplars,
                hold=HOLD,
                less=away,
            )
            return _rows(z_1L)[0]

    def revise(
        self,
        latent_L: np.ndarray,
        meaning_of_L: np.ndarray,
        text: str,
        *,
        seed: int,
        guidance: float,
        steps: int,
        keep_meaning: float,
        keep_layout: float,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Return a latent (L,) that keeps shares of one's layout and of another's meaning."""
        passes = steps if guidance == 1.0 else 2 * steps
        with self._turn(), self._watched(progress, "Drawing anew", passes):
            text_1E = self._model.embed_text([text]) if text else None
            z_1L = self._model.revise(
                _tensor(latent_L[None]),
                _tensor(meaning_of_L[None]),
                text_1E,
                seed=seed,
                guidance=guidance,
                steps=steps,
                keep_meaning=keep_meaning,
                keep_layout=keep_layout,
            )
            return _rows(z_1L)[0]

    def path(
        self,
        a_L: np.ndarray,
        b_L: np.ndarray,
        *,
        shares: Sequence[float],
        mode: str,
        curve: str,
        steps: int,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Return latents (N, L) at shares of the way from a to b, the first 0 and the last 1."""
        ends = _tensor(np.stack([a_L, b_L]))
        with self._turn(), self._watched(progress, "Finding the way", 2 * steps):
            return _rows(
                walk_latents(
                    self._model,
                    ends[0],
                    ends[1],
                    shares=shares,
                    mode=mode,
                    curve=curve,
                    steps=steps,
                )
            )

    def decode(self, latents_NL: np.ndarray, progress: Progress | None = None) -> list[Image]:
        """Return the pictures of latents, a few at a time."""
        pictures: list[Image] = []
        for group in _tensor(latents_NL).split(DECODED_AT_ONCE):
            tell(progress, len(pictures) / len(latents_NL), "Drawing")
            with self._turn():
                pictures += [to_image(picture) for picture in self._model.decode(group)]
        return pictures

    def see(self, pictures: Sequence[Image], progress: Progress | None = None) -> np.ndarray:
        """Return what the model's eye tells of grey pictures (N, F), a few at a time."""
        rows: list[np.ndarray] = []
        for start in range(0, len(pictures), DECODED_AT_ONCE):
            tell(progress, start / len(pictures), "Looking")
            some = pictures[start : start + DECODED_AT_ONCE]
            with self._turn():
                rows.append(_rows(self._model.see(torch.stack([to_tensor(one) for one in some]))))
        return np.concatenate(rows)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the model; nobody else uses it until the block ends or a pass is watched."""
        with self._turns.turn(), torch.inference_mode():
            yield

    @contextmanager
    def _watched(self, progress: Progress | None, what: str, passes: int) -> Iterator[None]:
        """Report every pass of the layout prior: whoever listens can stop the work there, and
        whoever waits for the model goes first."""
        done, mine = count(), get_ident()

        def report(*_: object) -> None:
            if get_ident() == mine:  # not of those who were let in meanwhile
                tell(progress, min(next(done) / passes, 1.0), what)
                self._turns.give_way()

        hook = self._model.layout_prior.register_forward_pre_hook(report)
        try:
            yield
        finally:
            hook.remove()


def _word_scores(
    text: str, nats: Sequence[float], places: Sequence[tuple[int, int]]
) -> tuple[tuple[str, float], ...]:
    """Return each word with the geometric mean over its pieces; 0 beyond what the model reads."""
    found = []
    for start, end in spans(text):
        own = [one for one, (at, _) in zip(nats, places, strict=False) if start <= at < end]
        found.append((text[start:end], math.exp(sum(own) / len(own)) if own else 0.0))
    return tuple(found)


def _rows(x: Tensor) -> np.ndarray:
    return x.float().cpu().numpy()


def _tensor(rows: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32))
