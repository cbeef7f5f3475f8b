"""Walks through keyframes: which latents, which pictures, what they show. Knows no files or pages.

Shapes: N frames, L width of the latent, E width of the embedding, F width of the features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from PIL.Image import Image

from engrave.answers import Neighbour, Pace, Walk
from engrave.collection import Collection
from engrave.errors import PromptError
from engrave.progress import Progress, part, renamed, tell
from engrave.walks.graph import stops_between
from engrave.walks.pace import Stretch, jumps, step_sizes
from engrave.walks.recipe import Recipe
from engrave.walks.timeline import timeline
from engrave.walks.timing import apportion, positions

LOOKS = 1  # times that frames are looked at before the even ones are drawn


class Model(Protocol):
    """What a walk asks of the model."""

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
        """Return latents (N, L) at shares of the way from a to b."""

    def decode(self, latents_NL: np.ndarray, progress: Progress | None = None) -> list[Image]:
        """Return the pictures of latents."""

    def see(self, pictures: Sequence[Image], progress: Progress | None = None) -> np.ndarray:
        """Return features (N, F) of pictures."""

    def embed(self, latents_NL: np.ndarray) -> np.ndarray:
        """Return embeddings (N, E) of latents."""

    def captions(self, latents_NL: np.ndarray, progress: Progress | None = None) -> list[str]:
        """Return a caption for each latent."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """The way from one keyframe, or engraving on the way, to the next."""

    segment: int
    a_L: np.ndarray
    b_L: np.ndarray
    mode: str
    row: int | None  # of the engraving that it leads to, where that is no keyframe


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Frames of all legs, in order, each joint once."""

    latents: np.ndarray
    pictures: tuple[Image, ...]
    features: np.ndarray
    joints: tuple[int, ...]  # frames at which the legs begin, and the last


class Walker:
    """Makes the walk of one recipe whose keyframes have latents."""

    def __init__(
        self, model: Model, collection: Collection, recipe: Recipe, latents: Sequence[np.ndarray]
    ) -> None:
        self.model, self.collection, self.recipe = model, collection, recipe
        self.legs = self._legs(latents)
        shortest = len(self.legs) + 1
        if recipe.frames < shortest:
            raise PromptError(
                f"This way calls at {len(self.legs) - recipe.num_segments} engravings between the "
                f"keyframes, so that {recipe.frames} frames are too few; choose {shortest} or more."
            )

    def walk(self, *, caption_every: int = 1, progress: Progress | None = None) -> Walk:
        """Return the walk; a caption stands at every keyframe and at every n-th frame, 0 for
        none."""
        even = self.recipe.pace == "even"
        looks = LOOKS if even else 0
        share = 0.8 / (looks + 1)
        known = [Stretch() for _ in self.legs]
        shares = self._even_times()
        frames = self._frames(shares, part(progress, 0.0, share))
        before = step_sizes(frames.features)
        for look in range(1, looks + 1):
            for stretch, own, (start, end) in zip(
                known, shares, pairwise(frames.joints), strict=True
            ):
                stretch.learn(own, frames.features[start : end + 1])
            shares = self._even_steps(known)
            frames = self._frames(shares, part(progress, share * look, share * (look + 1)))
        return self._told(frames, before, caption_every, part(progress, 0.8, 1.0))

    def _legs(self, latents: Sequence[np.ndarray]) -> tuple[Leg, ...]:
        legs: list[Leg] = []
        for number, (first, last, mode) in enumerate(self.recipe.segments):
            a, b = latents[first], latents[last]
            rows = self._between(a, b) if mode == "graph" else []
            ends = [a, *(self.collection.latents[row] for row in rows), b]
            way = "prior" if mode == "graph" else mode
            for (one, other), row in zip(pairwise(ends), [*rows, None], strict=True):
                legs.append(Leg(number, one, other, way, row))
        return tuple(legs)

    def _between(self, a_L: np.ndarray, b_L: np.ndarray) -> list[int]:
        a_E, b_E = self.model.embed(np.stack([a_L, b_L]))
        return stops_between(self.collection, a_E, b_E)

    def _even_times(self) -> list[np.ndarray]:
        """Return shares of each leg: every segment takes as long as any other."""
        return self._shared([1.0 / self._parts(leg.segment) for leg in self.legs])

    def _even_steps(self, known: Sequence[Stretch]) -> list[np.ndarray]:
        """Return shares of each leg, as far apart as it takes for all steps to be alike."""
        rows = self._shared([stretch.length for stretch in known])
        return [stretch.shares_at(row) for stretch, row in zip(known, rows, strict=True)]

    def _shared(self, lengths: Sequence[float]) -> list[np.ndarray]:
        """Return where the frames stand on legs of these lengths, as shares of each."""
        segments = self._by_segment(lengths)
        # the last step of a closed walk leads to its first frame, which is not shown twice
        steps = self.recipe.frames - (self.recipe.loop != "closed")
        counts = apportion(steps, [sum(one) for one in segments], [len(one) for one in segments])
        rows = []
        for count, own in zip(counts, segments, strict=True):
            rows += positions(own, count, self.recipe.easing)
        return rows

    def _by_segment(self, lengths: Sequence[float]) -> list[list[float]]:
        segments: list[list[float]] = [[] for _ in range(self.recipe.num_segments)]
        for leg, length in zip(self.legs, lengths, strict=True):
            segments[leg.segment].append(length)
        return segments

    def _parts(self, segment: int) -> int:
        return sum(leg.segment == segment for leg in self.legs)

    def _frames(self, shares: Sequence[np.ndarray], progress: Progress | None) -> Frames:
        rows: list[np.ndarray] = []
        joints = [0]
        for number, (leg, own) in enumerate(zip(self.legs, shares, strict=True)):
            way = part(progress, 0.6 * number / len(shares), 0.6 * (number + 1) / len(shares))
            found = self.model.path(
                leg.a_L, leg.b_L, shares=own.tolist(), mode=leg.mode,
                curve=self.recipe.curve, steps=self.recipe.steps, progress=way,
            )  # fmt: skip
            rows.append(found if not rows else found[1:])
            joints.append(joints[-1] + len(own) - 1)
        latents = np.concatenate(rows)
        pictures = self.model.decode(latents, part(progress, 0.6, 0.95))
        looking = renamed(part(progress, 0.95, 1.0), "Measuring the steps")
        return Frames(latents, tuple(pictures), self.model.see(pictures, looking), tuple(joints))

    def _told(
        self, frames: Frames, before: np.ndarray, every: int, progress: Progress | None
    ) -> Walk:
        steps = step_sizes(frames.features)
        closed = self.recipe.loop == "closed"
        shown = len(frames.pictures) - closed
        stops, passed = self._stops(frames.joints)
        chosen = sorted({*range(0, shown, every), *stops, shown - 1}) if every else []
        writing = renamed(part(progress, 0.0, 0.9), "Describing the frames")
        words = self.model.captions(frames.latents[chosen], writing) if chosen else []
        tell(progress, 0.9, "Finding the nearest engravings")
        holds = {at: one.hold_s for at, one in zip(stops, self.recipe.keyframes, strict=True)}
        return Walk(
            frames=frames.pictures[:shown],
            latents=frames.latents[:shown],
            captions=dict(zip(chosen, words, strict=True)),
            mode=self.recipe.segments[0][2],
            curve=self.recipe.curve,
            stops=stops,
            passed=passed,
            nearest=self._nearest(frames.latents[:shown]),
            pace=Pace(tuple(before.tolist()), tuple(steps.tolist()), jumps(steps)),
            timeline=timeline(shown, holds, self.recipe.fps, self.recipe.loop),
        )

    def _stops(self, joints: Sequence[int]) -> tuple[tuple[int, ...], dict[int, int]]:
        """Return the frames of the keyframes, and those of engravings on the way with their
        rows."""
        stops = [0]
        passed: dict[int, int] = {}
        for leg, at in zip(self.legs, joints[1:], strict=True):
            if leg.row is None:
                stops.append(at)
            else:
                passed[at] = leg.row
        return tuple(stops[: len(self.recipe.keyframes)]), passed

    def _nearest(self, latents_NL: np.ndarray) -> tuple[Neighbour, ...]:
        if not len(self.collection):
            return ()
        embeddings = self.model.embed(latents_NL)
        return tuple(self.collection.nearest(one, 1)[0] for one in embeddings)


def checksum(pictures: Sequence[Image]) -> str:
    """Return what tells whether a walk was made again to the last pixel."""
    found = hashlib.sha256()
    for picture in pictures:
        found.update(picture.convert("L").tobytes())
    return found.hexdigest()
