"""Reads the map as ground: what lies round a place, along a line, and inside of a set of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engrave.collection.vectors import unit
from engrave.errors import CollectionError

AROUND = 6  # neighbours that are blended for an empty place
KEYFRAMES = 6  # engravings along a line that was drawn


def around(xy_N2: np.ndarray, place: tuple[float, float], num: int = AROUND) -> np.ndarray:
    """Return the rows nearest to a place of the map, nearest first."""
    distances = np.hypot(*(xy_N2 - np.asarray(place, np.float32)).T)
    return np.argsort(distances, kind="stable")[:num]


def blend(
    latents_NL: np.ndarray, xy_N2: np.ndarray, place: tuple[float, float], num: int = AROUND
) -> np.ndarray:
    """Return the latent (L,) that could stand at a place: its neighbours', the nearest most."""
    if not len(xy_N2):
        raise CollectionError("The collection is empty, so it has no map; publish one first.")
    rows = around(xy_N2, place, num)
    distances = np.hypot(*(xy_N2[rows] - np.asarray(place, np.float32)).T)
    # twice as far counts a quarter; the mean distance keeps a near point from drowning the others
    weights = 1 / (distances**2 + (0.3 * distances.mean()) ** 2 + 1e-12)
    return unit(weights @ latents_NL[rows])


def along(
    xy_N2: np.ndarray, xs: Sequence[float], ys: Sequence[float], num: int = KEYFRAMES
) -> list[int]:
    """Return rows near a line, at even steps from its beginning to its end, none twice."""
    line = np.stack([np.asarray(xs, float), np.asarray(ys, float)], axis=1)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    if len(line) < 2 or lengths[-1] <= 0:
        raise CollectionError(
            "This line has no length; draw it from one part of the map to another."
        )
    steps = np.linspace(0, lengths[-1], num)
    places = [
        (float(np.interp(s, lengths, line[:, 0])), float(np.interp(s, lengths, line[:, 1])))
        for s in steps
    ]
    found: list[int] = []
    for place in places:
        found.append(next(int(row) for row in around(xy_N2, place, num + 1) if row not in found))
        if len(found) == len(xy_N2):
            break
    return found
