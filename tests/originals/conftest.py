"""A drawn collection whose originals are known, and a mirror that has them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engrave.collection import Collection
from engrave.originals.likeness import hash_of
from engrave.originals.mirror import Mirror
from engrave.originals.sources import paths_of
from engrave.originals.wanted import NAME, Wanted, write_wanted
from tests.fakes import make_collection
from tests.originals.mirrors import Local, serving

COUNT = 24


def plate(seed: int, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """Draw soft patches under hatching: no two seeds look alike."""
    patches = np.random.default_rng(seed).random((9, 12)) * 255
    soft = Image.fromarray(patches.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    lines = np.tile(np.arange(size[1])[:, None] % 4 < 2, (1, size[0])) * 60
    return Image.fromarray((np.asarray(soft) - lines).clip(0, 255).astype(np.uint8))


def as_jpeg(picture: Image.Image, quality: int = 80) -> bytes:
    """Return a picture as a mirror would send it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@dataclass(frozen=True)
class Known:
    """A collection, where its originals lie, and what a mirror has of them."""

    collection: Collection
    wanted: tuple[Wanted, ...]
    files: dict[str, bytes]  # by path, as in the mirror's tree of books

    def path(self, number: int) -> str:
        """Return the path of an original on the mirror."""
        return "/" + next(paths_of(self.wanted[number]))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what the app keeps, empty."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ENGRAVE_HOME", str(folder))
    return folder


@pytest.fixture
def known(tmp_path: Path, home: Path) -> Known:
    """24 engravings, all of whose originals a mirror has."""
    collection = make_collection(tmp_path / "collection", COUNT)
    wanted = tuple(
        Wanted(
            id=item.id,
            gutenberg_id=item.gutenberg_id,
            source_path=f"{item.gutenberg_id}-h/images/plate-{row}.jpg",
            hash=hash_of(plate(row)),
        )
        for row, item in enumerate(collection.items)
    )
    assert collection.folder
    write_wanted(wanted, collection.folder / NAME)
    scans = [as_jpeg(plate(row, (480, 360))) for row in range(COUNT)]
    files = {f"/{next(paths_of(one))}": scan for one, scan in zip(wanted, scans, strict=True)}
    return Known(collection, wanted, files)


@pytest.fixture
def local(known: Known) -> Iterator[Local]:
    """A mirror on this machine."""
    with serving(Local(files=dict(known.files))) as served:
        yield served


@pytest.fixture
def mirror(local: Local) -> Mirror:
    """What asks it, without pauses."""
    return Mirror(local.address, pause_s=0, backoff_s=0.01, silence_s=0.5)
