"""Tells whether a scan is the engraving that it should be, by a perceptual hash. Knows no files.

The hash is a pHash of 256 bits: which of the 16 x 16 lowest frequencies of the picture at
64 x 64 pixels lie above their median. `python -m train hashes` measures how often it errs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageOps

FREQUENCIES = 16
SEEN_PX = 4 * FREQUENCIES
BITS = FREQUENCIES**2
ALIKE = 64  # bits in which two scans of one engraving may differ
TONES = 1  # per cent of the darkest and of the brightest pixels that stretching may clip
# how a margin may have been cut: what counts as ink, and which share of a line of pixels must be
CUTS = ((240, 0.0), (215, 0.0), (215, 0.01), (180, 0.0), (180, 0.01), (128, 0.01))
MIN_PX = 16


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A scan, cut as the engraving was that it should be, and in how many bits it differs."""

    picture: Image.Image
    distance: int

    @property
    def alike(self) -> bool:
        return self.distance <= ALIKE


def hash_of(image: Image.Image) -> bytes:
    """Return the hash of a grey picture, 32 bytes."""
    size = (SEEN_PX, SEEN_PX)
    pixels = np.asarray(image.convert("L").resize(size, Image.Resampling.LANCZOS), np.float64)
    waves = _waves()
    found = waves @ pixels @ waves.T
    return np.packbits(found > np.median(found)).tobytes()


def distance(one: bytes, other: bytes) -> int:
    """Return in how many bits two hashes differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def fitted(scan: Image.Image, wanted: bytes) -> Fit:
    """Return the scan, its margins cut in the way that brings it nearest to a hash."""
    boxes = dict.fromkeys(margins(scan))
    tried = ((distance(hash_of(scan.crop(box)), wanted), box) for box in boxes)
    bits, box = min(tried, key=lambda one: one[0])
    return Fit(scan.crop(box), bits)


def margins(scan: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Yield boxes that a scan may have been cut to, the whole scan first."""
    yield (0, 0, *scan.size)
    pixels = np.asarray(stretched(scan))
    for ink, share in CUTS:
        dark = pixels < ink
        rows, columns = (np.flatnonzero(dark.mean(axis=axis) > share) for axis in (1, 0))
        if min(len(rows), len(columns)) >= MIN_PX:
            yield int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def stretched(scan: Image.Image) -> Image.Image:
    """Return a grey picture whose ink is black and whose paper is white."""
    return ImageOps.autocontrast(scan, cutoff=(TONES, TONES))


@cache
def _waves() -> np.ndarray:
    """Return cosines (frequency, pixel): a discrete cosine transform is two products with them."""
    places, frequencies = np.arange(SEEN_PX), np.arange(FREQUENCIES)
    return np.cos(np.pi * np.outer(frequencies, 2 * places + 1) / (2 * SEEN_PX))
