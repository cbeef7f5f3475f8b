"""Packs thumbnails into sheets and cuts them out again. Knows no captions and no vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from PIL import Image

from engrave.errors import CollectionError
from engrave.marks import Facts, webp

COLUMNS = 10
CELLS = COLUMNS * COLUMNS  # on one sheet
QUALITY = 78  # of the WebP; hatching starts to smear below
KEPT_SHEETS = 24  # decoded sheets held in memory, about 1 MB each


class Atlas:
    """Thumbnails of a collection, on sheets of 10 x 10 square cells, row by row."""

    def __init__(self, folder: Path, cell_px: int) -> None:
        self.folder, self.cell_px = folder, cell_px
        self._sheet = lru_cache(maxsize=KEPT_SHEETS)(self._read)

    def sprite(self, index: int) -> Image.Image:
        """Return the thumbnail of an item; raises CollectionError where its sheet is unreadable."""
        return self._sheet(index // CELLS).crop(self._box(index % CELLS))

    def write(self, sprites: Iterable[Image.Image], made: Facts | None = None) -> int:
        """Write thumbnails in order, scaled to the cell; return how many there were.

        What is told of how they were `made` marks them as a model's.
        """
        left = iter(sprites)
        count = number = 0
        while sheet := list(islice(left, CELLS)):
            self.write_sheet(number, sheet, made)
            count, number = count + len(sheet), number + 1
        return count

    def write_sheet(
        self, number: int, sprites: Sequence[Image.Image], made: Facts | None = None
    ) -> None:
        """Write the thumbnails of one sheet."""
        sheet = self._blank()
        for cell, sprite in enumerate(sprites):
            size = (self.cell_px, self.cell_px)
            thumbnail = sprite.convert("L").resize(size, Image.Resampling.LANCZOS)
            sheet.paste(thumbnail, self._box(cell))
        if made is None:
            sheet.save(self.path(number), quality=QUALITY, method=6)
        else:
            self.path(number).write_bytes(webp(sheet, made, QUALITY, method=6))

    def path(self, number: int) -> Path:
        """Return the file of a sheet."""
        return self.folder / f"atlas-{number:03d}.webp"

    def _blank(self) -> Image.Image:
        side_px = COLUMNS * self.cell_px
        return Image.new("L", (side_px, side_px), 255)

    def _box(self, cell: int) -> tuple[int, int, int, int]:
        left, top = cell % COLUMNS * self.cell_px, cell // COLUMNS * self.cell_px
        return left, top, left + self.cell_px, top + self.cell_px

    def _read(self, number: int) -> Image.Image:
        path = self.path(number)
        try:
            with Image.open(path) as sheet:
                return sheet.convert("L")
        except OSError as error:
            raise CollectionError(
                f"{path.name} is missing or damaged; copy the collection folder again."
            ) from error
