"""Holds what a collection has of one source against what that source says now.

The bytes of a picture say which row is meant, not its name: files that changed names keep their
rows and what a person wrote there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from engrave.shelf.records import FACET, cut, facets_text
from engrave.sources import Entry

TEXTS = ("title", "caption", "caption_by", "facets", "address")
HELD = ("id", "seq", "source", "key", "also", "sha256", "edited", *TEXTS)
OF_THE_PLACE = {"folder", "split"}  # facets that a file has though nobody wrote of it


class Held:
    """The rows of a collection when an import begins."""

    def __init__(self, rows: pa.Table, origin: str, *, edited: bool) -> None:
        """`edited`: whether a person may have changed what no row tells of."""
        self.origin = origin
        self._columns = {name: rows[name].combine_chunks() for name in HELD}
        self._unsure = edited
        self._rows: dict[str, list[int]] = {}  # of this origin, by key
        self._first: dict[str, int] = {}
        self._by_id = {id: row for row, id in enumerate(self._columns["id"].to_pylist())}
        before = f"{origin}\n"
        for row, (source, key, also) in enumerate(self._listed("source", "key", "also")):
            if source == origin:
                self._rows.setdefault(key, []).append(row)
                self._first[key] = row
            for one in also or ():
                if one.startswith(before):
                    self._rows.setdefault(one.removeprefix(before), []).append(row)

    def _listed(self, *names: str) -> Sequence[tuple[Any, ...]]:
        return list(zip(*(self._columns[name].to_pylist() for name in names), strict=True))

    def known(self, key: str) -> list[dict[str, Any]]:
        """Return the rows that came under a key of this source."""
        return [self._row(row) for row in self._rows.get(key, ())]

    def own(self, key: str) -> dict[str, Any] | None:
        """Return the row whose texts are those of a key, None where it has none or is a twin."""
        row = self._first.get(key)
        return None if row is None else self._row(row)

    def picture(self, id: str) -> dict[str, Any] | None:
        """Return the row of an id, None where it came later."""
        row = self._by_id.get(id)
        return None if row is None else self._row(row)

    def _row(self, row: int) -> dict[str, Any]:
        found = {name: column[row].as_py() for name, column in self._columns.items()}
        if found["edited"] is None and not self._unsure:
            found["edited"] = []
        return found


def renewed(row: dict[str, Any], entry: Entry) -> dict[str, Any] | None:
    """Return id and texts of a row as the source has them now, None where they are the same.

    What a person wrote stays, and so does all of it where the source says nothing of the picture.
    """
    edited = row["edited"]
    if edited is None or not _speaks(entry):
        return None
    fresh = {"title": cut(entry.title), "address": entry.address}
    fresh["caption"], fresh["caption_by"] = row["caption"], row["caption_by"]
    if entry.caption.strip() or row["caption_by"] == "source":
        fresh["caption"] = cut(entry.caption)
        fresh["caption_by"] = "source" if entry.caption.strip() else ""
    told = {name: cut(value) for name, value in entry.facets.items()}
    fresh["facets"] = facets_text(_kept_facets(told, row))
    fresh |= _by_person(row)
    changed = {name: text for name, text in fresh.items() if text != row[name]}
    return {"id": row["id"], **{n: row[n] for n in TEXTS}, **changed} if changed else None


def inherited(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a picture that took another's place: its order, and a person's words."""
    fresh = {"id": new["id"], "seq": old["seq"], **{name: new[name] for name in TEXTS}}
    fresh["facets"] = facets_text(_kept_facets(json.loads(new["facets"]), old))
    return fresh | _by_person(old) | {"edited": old["edited"] or []}


def _by_person(row: dict[str, Any]) -> dict[str, Any]:
    """Return title and caption where a person wrote or cleared them."""
    edited, kept = row["edited"] or (), {}
    if "title" in edited:
        kept["title"] = row["title"]
    if "caption" in edited or row["caption_by"] == "person":
        kept |= {"caption": row["caption"], "caption_by": row["caption_by"]}
    return kept


def _kept_facets(told: dict[str, str], row: dict[str, Any]) -> dict[str, str]:
    """Return the facets that a source tells, but for those that a person wrote or cleared."""
    mine = json.loads(row["facets"])
    names = [one.removeprefix(FACET) for one in row["edited"] or () if one.startswith(FACET)]
    return told | {name: mine.get(name, "") for name in names}


def _speaks(entry: Entry) -> bool:
    return bool(entry.title.strip() or entry.caption.strip() or set(entry.facets) - OF_THE_PLACE)
