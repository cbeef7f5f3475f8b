"""Says what is kept of a picture, and how a row of the table becomes an item of a collection."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
import pyarrow as pa

from engrave.collection import Item
from engrave.collection.table import BOOK_URL

LONGEST_TEXT = 2_000  # characters of a caption, a title or a facet
FACET = "facet "  # before the name of a facet among what a person changed
KNOWN = ("subject", "technique", "kind", "book", "author", "language", "split")
GUTENBERG = re.compile(r"[1-9][0-9]{0,7}")
YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One picture as it is written: what the table keeps, but for the vectors."""

    seq: int  # order in the collection, never used twice
    id: str
    source: str  # where it was imported from
    key: str  # what it is called there
    also: list[str]  # other keys under which the same picture came
    sha256: str
    title: str
    caption: str
    caption_by: str  # "source", "model", "person" or ""
    facets: str  # JSON object of texts
    address: str  # where the original can be seen
    width: int
    height: int
    thumbnail: bytes
    edited: list[str]  # what a person wrote or cleared: "title", "caption", "facet book"


_TYPES = {
    "str": pa.string(), "int": pa.int64(), "bytes": pa.binary(), "list[str]": pa.list_(pa.string()),
}  # fmt: skip
PLAIN = tuple(one.name for one in fields(Record) if one.name != "thumbnail")
MAP_SCHEMA = pa.schema([("id", pa.string()), ("x", pa.float32()), ("y", pa.float32())])


def columns_of(names: Sequence[str]) -> pa.Schema:
    """Return some of the columns of the table of pictures, but for the vectors."""
    kinds = {one.name: _TYPES[str(one.type)] for one in fields(Record)}
    return pa.schema([(name, kinds[name]) for name in names])


def schema(latent_width: int, embedding_width: int) -> pa.Schema:
    """Return the columns of the table of pictures."""
    plain = columns_of([one.name for one in fields(Record)])
    latent = ("latent", pa.list_(pa.float16(), latent_width))
    embedding = ("embedding", pa.list_(pa.float32(), embedding_width))
    return pa.schema([*plain, latent, embedding])


def as_table(
    records: Sequence[Record], latents_NL: np.ndarray, embeddings_NE: np.ndarray
) -> pa.Table:
    """Return records and their vectors as rows of the table."""
    columns = schema(latents_NL.shape[1], embeddings_NE.shape[1])
    rows = [asdict(record) for record in records]
    plain = pa.Table.from_pylist(rows, schema=pa.schema(list(columns)[:-2]))
    vectors = {"latent": (latents_NL, np.float16), "embedding": (embeddings_NE, np.float32)}
    for name, (values, kind) in vectors.items():
        flat = pa.array(np.ascontiguousarray(values, kind).ravel())
        rows_of = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
        plain = plain.append_column(columns.field(name), rows_of)
    return plain


def map_table(ids: Sequence[str], places_N2: np.ndarray) -> pa.Table:
    """Return places as rows of the map."""
    x, y = np.asarray(places_N2, np.float32).reshape(-1, 2).T
    return pa.table([pa.array(ids, pa.string()), pa.array(x), pa.array(y)], schema=MAP_SCHEMA)


@dataclass(frozen=True, slots=True)
class Holding(Item):
    """One picture of an own collection."""

    key: str = ""
    source: str = ""
    address: str = ""
    caption_by: str = ""
    also: tuple[str, ...] = ()
    facets: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Address on the web, empty where there is none."""
        named = self.facets.get("url", "") or self.address
        if named.startswith(("https://", "http://")):
            return named
        return BOOK_URL.format(self.gutenberg_id) if self.gutenberg_id else ""


def holding(row: Mapping[str, Any], place: tuple[float, float]) -> Holding:
    """Return the item of a row at its place on the map."""
    facets = {str(name): str(value) for name, value in json.loads(row["facets"]).items()}
    known = {name: facets.get(name, "") for name in KNOWN}
    same = {name: row[name] for name in ("id", "caption", "caption_by", "key", "source", "address")}
    number = facets.get("gutenberg_id", "")
    return Holding(
        **known,
        **same,
        printed=row["title"],
        year=year_of(facets.get("year", "") or facets.get("date", "")),
        gutenberg_id=int(number)
        if number.isascii() and number.isdigit() and len(number) < 9
        else 0,
        x=place[0],
        y=place[1],
        also=tuple(row["also"] or ()),
        facets=facets,
    )


def year_of(text: str) -> int:
    """Return the first year that a text names, 0 where it names none."""
    found = YEAR.search(text)
    return int(found[1]) if found else 0


def cut(text: str) -> str:
    """Return a text on one line, no longer than is kept."""
    return " ".join(str(text).split())[:LONGEST_TEXT]


def facets_text(facets: Mapping[str, str]) -> str:
    """Return facets as the table keeps them, empty ones left out."""
    kept = {str(name): str(value) for name, value in facets.items() if str(value).strip()}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)
