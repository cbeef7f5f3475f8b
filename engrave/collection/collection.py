"""Engravings that the model knows: finds the nearest, places new ones on the map, loads and saves.

Shapes: N engravings, L width of the latent, E width of the embedding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from engrave.answers import Neighbour
from engrave.collection import queries
from engrave.collection.atlas import Atlas
from engrave.collection.facets import decade, write_map
from engrave.collection.mapping import PLACED_BY, pulled
from engrave.collection.queries import Block, Company, Nearness, Part, Yardstick
from engrave.collection.table import Item, read_table, write_table
from engrave.collection.vectors import (
    read_embeddings,
    read_latents,
    unit,
    write_embeddings,
    write_latents,
)
from engrave.errors import CollectionError
from engrave.whole import whole_folder

FORMAT = 1
NOTE = "All pictures in this folder were made by the model; none is a scan."


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a collection says of itself."""

    name: str = ""
    version: str = ""
    model_version: str = ""  # of the model that wrote the vectors
    cell_px: int = 96  # side of a thumbnail


class Collection:
    """Rows of engravings: item i has latent i, embedding i and thumbnail i."""

    def __init__(
        self,
        items: Sequence[Item] = (),
        *,
        latents: np.ndarray | None = None,
        embeddings: np.ndarray | None = None,
        label: Label | None = None,
        folder: Path | None = None,
    ) -> None:
        self.items = tuple(items)
        self.label = label or Label()
        self.folder = folder
        self._latents, self._embeddings = latents, embeddings
        self._company: Company | None = None
        self._rows = {item.id: row for row, item in enumerate(self.items)}
        self._atlas = Atlas(folder, self.label.cell_px) if folder else None

    def __len__(self) -> int:
        return len(self.items)

    @property
    def model_version(self) -> str:
        """Version of the model that wrote the vectors, empty where it is not known."""
        return self.label.model_version

    def check_fits(self, model_version: str, embedding_width: int) -> None:
        """Refuse another model than wrote the vectors: its neighbours would be nonsense."""
        if not len(self):
            return
        if model_version and self.model_version and model_version != self.model_version:
            raise CollectionError(
                f"The collection was made by model {self.model_version} and the model is "
                f"{model_version}; publish the collection again."
            )
        width = self.embeddings.shape[1]
        if width != embedding_width:
            raise CollectionError(
                f"The collection's embeddings have {width} numbers and the model's have "
                f"{embedding_width}; publish the collection again."
            )

    @cached_property
    def latents(self) -> np.ndarray:
        """Latents (N, L), float32, norm 1."""
        if self.folder and self._latents is None:
            return self._one_each(read_latents(self.folder), "latents")
        return self._one_each(self._latents, "latents")

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Joint embeddings (N, E), float32, norm 1."""
        if self.folder and self._embeddings is None:
            return self._one_each(read_embeddings(self.folder), "embeddings")
        return self._one_each(self._embeddings, "embeddings")

    @cached_property
    def places(self) -> np.ndarray:
        """Places on the map (N, 2), float32."""
        places = [(item.x, item.y) for item in self.items]
        return np.array(places, np.float32).reshape(-1, 2)

    @cached_property
    def yardstick(self) -> Yardstick:
        """How far the engravings lie from their own nearest."""
        rows = queries.sampled(len(self))
        return Yardstick.among(rows, self.embeddings_of(rows), self.blocks())

    def blocks(self) -> Iterator[Block]:
        """Yield rows and their joint embeddings, all of them and in any order."""
        return queries.blocks_of(self.embeddings)

    def embeddings_of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the joint embeddings of a few rows."""
        return self.embeddings[rows]

    def meanings(self, width: int) -> np.ndarray:
        """Return where latents begin, of as many engravings as it takes to measure others by."""
        return self.latents[:, :width]

    def nearness(self, latent_L: np.ndarray, meaning_width: int) -> Nearness:
        """Say how near a picture is to the engravings, by its meaning: where the latent begins."""
        if not self.items:
            raise CollectionError("The collection is empty, so nothing is near to it; import some.")
        if self._company is None:
            self._company = Company(self.meanings(meaning_width))
        return self._company.measure(latent_L[:meaning_width])

    def row(self, id: str) -> int | None:
        """Return the row of an id, or None where there is no such engraving."""
        return self._rows.get(id)

    def item(self, index: int) -> Item:
        """Return one item; raises CollectionError for a row that is not there."""
        if not 0 <= index < len(self.items):
            raise CollectionError(
                f"There is no engraving number {index}; the collection has {len(self.items)}, "
                "counted from 0."
            )
        return self.items[index]

    def neighbour(self, index: int, similarity: float = 1.0) -> Neighbour:
        """Return one item as an answer."""
        item = self.item(index)
        return Neighbour(
            id=item.id,
            index=index,
            similarity=similarity,
            caption=item.caption,
            printed=item.printed,
            subject=item.subject,
            technique=item.technique,
            book=item.book,
            author=item.author,
            year=item.year,
            url=item.url,
        )

    def nearest(
        self, embedding_E: np.ndarray, num: int, *, exclude: int | None = None
    ) -> tuple[Neighbour, ...]:
        """Return the items of highest cosine, nearest first; `exclude` leaves out one row."""
        rows, cosines = self._ranked(embedding_E, num, exclude)
        pairs = zip(rows.tolist(), cosines.tolist(), strict=True)
        return tuple(self.neighbour(row, cosine) for row, cosine in pairs)

    def answers(self, parts: Sequence[Part], num: int) -> tuple[tuple[Neighbour, ...], np.ndarray]:
        """Return what answers a question of several parts best, and the score (N,) of every row."""
        if not self.items or not parts:
            return (), np.zeros(len(self.items), np.float32)
        each = queries.cosines_of(self.blocks(), len(self), parts)
        found = queries.scores(each, parts)
        rows = np.argsort(-found, kind="stable")[:num]
        pairs = zip(rows.tolist(), each[0, rows].tolist(), strict=True)
        return tuple(self.neighbour(row, cosine) for row, cosine in pairs), found

    def place(self, embedding_E: np.ndarray) -> tuple[float, float]:
        """Return where a new picture belongs on the map: the weighted mean of its neighbours."""
        if not self.items:
            raise CollectionError("The collection is empty, so it has no map; publish one first.")
        rows, cosines = self._ranked(embedding_E, PLACED_BY, None)
        return pulled(cosines, self.places[rows])

    def page_folder(self) -> Path | None:
        """Return the folder with map and sheets of thumbnails as a browser reads them, or None."""
        return self.folder

    def sprite(self, index: int) -> Image:
        """Return the thumbnail of an item: the model's reconstruction, never the scan."""
        self.item(index)
        if self._atlas is None:
            raise CollectionError("This collection is not on disk yet; save it, then load it.")
        return self._atlas.sprite(index)

    def holds(self, index: int) -> bool:
        """Say whether the picture itself is here, not only the model's memory of it."""
        self.item(index)
        return False

    def picture(self, index: int) -> Image | None:
        """Return the picture of an item where the collection holds it, else None."""
        self.item(index)
        return None

    def save(self, folder: Path, sprites: Iterable[Image]) -> None:
        """Write the folder, one thumbnail an item; a reader sees the old one or the new one."""
        with whole_folder(folder) as fresh:
            self._write(fresh, sprites)

    @classmethod
    def load(cls, folder: Path | str) -> Collection:
        """Read what `save` wrote; vectors and thumbnails are read when first needed."""
        folder = Path(folder)
        page = _read_page(folder)
        items = read_table(folder / "table.parquet")
        if len(items) != page["count"]:
            raise CollectionError(
                f"The collection counts {page['count']} engravings and its table has {len(items)}; "
                "copy the collection folder again."
            )
        label = {field.name: page[field.name] for field in fields(Label) if field.name in page}
        return cls(items, label=Label(**label), folder=folder)

    def _ranked(
        self, embedding_E: np.ndarray, num: int, exclude: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and cosines, nearest first."""
        if not self.items:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        cosines = self.embeddings @ unit(embedding_E)
        rows = np.argsort(-cosines, kind="stable")
        rows = rows[rows != exclude][:num] if exclude is not None else rows[:num]
        return rows, cosines[rows]

    def _one_each(self, rows: np.ndarray | None, name: str) -> np.ndarray:
        found = np.zeros((0, 0), np.float32) if rows is None else unit(rows)
        if len(found) != len(self.items):
            raise CollectionError(
                f"The collection has {len(self.items)} engravings and {len(found)} {name}; "
                "publish it again."
            )
        return found

    def _write(self, folder: Path, sprites: Iterable[Image]) -> None:
        write_table(self.items, folder / "table.parquet")
        write_latents(self.latents, folder)
        write_embeddings(self.embeddings, folder)
        write_map(folder, self.places, self._facets())
        made = {"prompt": NOTE, "model_version": self.label.model_version}
        count = Atlas(folder, self.label.cell_px).write(sprites, made)
        if count != len(self.items):
            raise CollectionError(
                f"{count} thumbnails came for {len(self.items)} engravings; give one for each."
            )
        page = {"format": FORMAT, **asdict(self.label), "count": count, "note": NOTE}
        text = json.dumps(page, ensure_ascii=False, indent=1)
        (folder / "collection.json").write_text(text + "\n", encoding="utf-8")

    def _facets(self) -> dict[str, list[str]]:
        named = ("subject", "technique", "book")
        facets = {name: [getattr(item, name) for item in self.items] for name in named}
        return facets | {"decade": [decade(item.year) for item in self.items]}


def _read_page(folder: Path) -> dict[str, Any]:
    path = folder / "collection.json"
    if not path.is_file():
        raise CollectionError(
            f"{folder} holds no collection.json; point to a folder that `train publish` wrote."
        )
    try:
        page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found, _ = page["format"], page["count"]
    except (ValueError, KeyError, TypeError) as error:
        raise CollectionError(
            f"{path.name} cannot be read; copy the collection folder again."
        ) from error
    if found != FORMAT:
        raise CollectionError(
            f"The collection has format {found}, this version reads {FORMAT}; publish it again."
        )
    return page
