"""Two collections on one map: what of each is near the other, and what one of them lacks.

Shapes: A and B engravings of the first and the second, N of both, E width of the embedding.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL.Image import Image

from engrave.collection.atlas import CELLS, Atlas
from engrave.collection.collection import Collection, Label
from engrave.collection.facets import decade, write_map
from engrave.collection.mapping import pca_places, placed_among
from engrave.errors import CollectionError

AT_ONCE = 8_000_000  # cosines held at once
NAMED = ("subject", "technique", "book")


class Pair(Collection):
    """Reads as one collection: all engravings of the first, then all of the second."""

    def __init__(
        self, first: Collection, second: Collection, names: tuple[str, str], *, anew: bool = False
    ) -> None:
        """Place the second on the first's map, or `anew` both on a map of their own."""
        if not len(first) or not len(second):
            raise CollectionError("One of the two holds no picture; import some, then compare.")
        if first.label.cell_px != second.label.cell_px:
            raise CollectionError("The thumbnails of the two differ in size; import one anew.")
        self.first, self.second, self.names, self.anew = first, second, names, anew
        label = Label(
            name=" and ".join(names),
            version=f"{first.label.version}-{second.label.version}",
            model_version=first.model_version,
            cell_px=first.label.cell_px,
        )
        super().__init__((*first.items, *second.items), label=label)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def latents(self) -> np.ndarray:
        """Latents (N, L), float32, norm 1."""
        return np.concatenate([self.first.latents, self.second.latents])

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Joint embeddings (N, E), float32, norm 1."""
        return np.concatenate([self.first.embeddings, self.second.embeddings])

    @cached_property
    def places(self) -> np.ndarray:
        """Places on the map of both (N, 2), float32."""
        if self.anew:
            return pca_places(self.embeddings)
        placed = placed_among(self.second.embeddings, self.first.embeddings, self.first.places)
        return np.concatenate([self.first.places, placed])

    def own(self, index: int) -> tuple[Collection, int]:
        """Return the collection that an engraving is of, and its row there."""
        self.item(index)
        count = len(self.first)
        return (self.first, index) if index < count else (self.second, index - count)

    def holds(self, index: int) -> bool:
        """Say whether the picture itself is here."""
        collection, row = self.own(index)
        return collection.holds(row)

    def picture(self, index: int) -> Image | None:
        """Return the picture where its collection holds it, else None."""
        collection, row = self.own(index)
        return collection.picture(row)

    def sprite(self, index: int) -> Image:
        """Return the thumbnail of an item."""
        collection, row = self.own(index)
        return collection.sprite(row)

    def facets(self) -> dict[str, list[str]]:
        """Return what the map is coloured by: first of all which collection an engraving is of."""
        whose = [self.names[0]] * len(self.first) + [self.names[1]] * len(self.second)
        found = {"collection": whose}
        found |= {name: [getattr(item, name) for item in self.items] for name in NAMED}
        return found | {"decade": [decade(item.year) for item in self.items]}

    def page_folder(self) -> Path | None:
        """Return the folder with map and sheets, made when first needed and kept as long as this.

        Sheets that hold only the first collection are its own.
        """
        if self._scratch is None:
            scratch = tempfile.TemporaryDirectory(prefix="engrave-pair-")
            folder = Path(scratch.name)
            write_map(folder, self.places, self.facets())
            whole = self._shared(folder)
            atlas = Atlas(folder, self.label.cell_px)
            for number in range(whole, -(-len(self) // CELLS)):
                rows = range(number * CELLS, min((number + 1) * CELLS, len(self)))
                atlas.write_sheet(number, [self.sprite(row) for row in rows])
            self._scratch = scratch
        return Path(self._scratch.name)

    def _shared(self, folder: Path) -> int:
        """Put the first's whole sheets in a folder too; return how many these are."""
        source = self.first.page_folder()
        whole = len(self.first) // CELLS if source else 0
        for number in range(whole):
            name = f"atlas-{number:03d}.webp"
            assert source is not None
            try:
                os.link(source / name, folder / name)
            except OSError:  # another disk
                shutil.copyfile(source / name, folder / name)
        return whole


@dataclass(frozen=True, slots=True)
class Near:
    """An engraving of one collection and the nearest of the other, by their rows in the pair."""

    index: int
    other: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """How two collections meet."""

    alike: tuple[Near, ...]  # nearest pairs, none of an engraving twice
    only_first: tuple[Near, ...]  # of the first, what lies farthest from the second
    only_second: tuple[Near, ...]
    words: tuple[str, str]  # how the second lies in the first, and the first in the second


def meeting(pair: Pair, num: int) -> Meeting:
    """Find up to num of each."""
    to_second, cosine_second = _nearest(pair.first.embeddings, pair.second.embeddings)
    to_first, cosine_first = _nearest(pair.second.embeddings, pair.first.embeddings)
    count = len(pair.first)
    ours = [Near(row, count + int(to_second[row]), float(cosine_second[row]))
            for row in range(count)]  # fmt: skip
    theirs = [Near(count + row, int(to_first[row]), float(cosine_first[row]))
              for row in range(len(to_first))]  # fmt: skip
    far = [sorted(side, key=lambda one: one.cosine)[:num] for side in (ours, theirs)]
    return Meeting(
        alike=_apart(theirs, num),
        only_first=tuple(far[0]),
        only_second=tuple(far[1]),
        words=(
            _told(pair.names[1], pair.names[0], pair.first, cosine_first),
            _told(pair.names[0], pair.names[1], pair.second, cosine_second),
        ),
    )


def _nearest(rows_AE: np.ndarray, others_BE: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row (A,) which of the others is nearest, and its cosine."""
    nearest, best = np.zeros(len(rows_AE), np.int64), np.zeros(len(rows_AE), np.float32)
    block = max(1, AT_ONCE // len(others_BE))
    for start in range(0, len(rows_AE), block):
        cosines = rows_AE[start : start + block] @ others_BE.T
        nearest[start : start + block] = cosines.argmax(axis=1)
        best[start : start + block] = cosines.max(axis=1)
    return nearest, best


def _apart(found: Sequence[Near], num: int) -> tuple[Near, ...]:
    """Return the nearest pairs such that no engraving stands in two."""
    chosen: list[Near] = []
    taken: set[int] = set()
    for one in sorted(found, key=lambda one: -one.cosine):
        if one.other not in taken:
            taken.add(one.other)
            chosen.append(one)
        if len(chosen) == num:
            break
    return tuple(chosen)


def _told(name: str, other: str, host: Collection, cosines: np.ndarray) -> str:
    """Say how the pictures of one collection lie in another, by the other's own distances."""
    lonelier = [host.yardstick.measure(float(one)).lonelier for one in cosines]
    home = sum(share >= 0.5 for share in lonelier)
    edge = sum(0.1 <= share < 0.5 for share in lonelier)
    pictures = f"{len(lonelier):,} picture{'s' * (len(lonelier) != 1)}"
    return (
        f"Of {pictures} of {name}, {home:,} are at home in {other} (as near to its pictures as "
        f"half of these are to each other), {edge:,} are at its edge, and "
        f"{len(lonelier) - home - edge:,} are far from all that it has."
    )
