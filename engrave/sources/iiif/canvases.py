"""Takes manifests and Collections apart, versions 2 and 3 alike. Asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engrave.limits import one_line
from engrave.sources.iiif.labels import pairs_of, text_of

Json = dict[str, Any]
KINDS = ("Manifest", "Collection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is painted on a canvas: its file, and the services that give it in other sizes."""

    id: str
    width_px: int
    height_px: int
    services: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A page or view with its pictures; `others` names what else it shows."""

    id: str
    label: str
    caption: str
    pairs: dict[str, str]
    pictures: tuple[Picture, ...]
    others: tuple[str, ...]


def kind_of(page: Json) -> str:
    """Return Manifest, Collection or another type of IIIF, whatever the version."""
    kind = page.get("type") or page.get("@type") or ""
    return re.sub(r"^\w+:", "", kind) if isinstance(kind, str) else ""


def id_of(page: Any) -> str:
    """Return the id of a resource, or of a reference that is nothing but one."""
    if isinstance(page, str):
        return one_line(page)
    found = (page.get("id") or page.get("@id")) if isinstance(page, dict) else ""
    return one_line(found) if isinstance(found, str) else ""


def listed(value: Any) -> list[Any]:
    """Return a value that may come alone or in a list as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def members_of(collection: Json) -> Iterator[Json]:
    """Yield the references of a Collection, and at its end that to its next page."""
    for name in ("items", "members", "collections", "manifests"):
        for member in listed(collection.get(name)):
            if isinstance(member, str):
                yield {"id": member}
            elif isinstance(member, dict):
                yield member
    for name in ("first", "next"):
        if id_of(collection.get(name)):
            yield {"id": id_of(collection.get(name)), "type": "Collection"}


def canvases_of(manifest: Json) -> Iterator[Canvas]:
    """Yield the canvases in their order; of several orders the first counts."""
    items = listed(manifest.get("items"))
    for sequence in listed(manifest.get("sequences"))[:1]:
        items = listed(sequence.get("canvases")) if isinstance(sequence, dict) else []
    for number, item in enumerate(items, 1):
        if isinstance(item, dict) and kind_of(item) in ("Canvas", ""):
            yield _canvas(item, number)


def facts_of_manifest(manifest: Json) -> dict[str, str]:
    """Return what a manifest says of all its pictures, by the names of a catalogue."""
    statement = manifest.get("requiredStatement")
    if not isinstance(statement, dict):
        statement = {"value": manifest.get("attribution")}
    facts = {
        "book": text_of(manifest.get("label")),
        "rights": text_of(manifest.get("rights") or manifest.get("license")),
        "required statement": text_of(statement.get("value")),
        "url": next(filter(None, map(id_of, _homes(manifest))), ""),
    }
    facts |= {label: value for label, value in pairs_of(manifest.get("metadata")).items()}
    return {name: value for name, value in facts.items() if value}


def _homes(manifest: Json) -> Iterator[Any]:
    yield from listed(manifest.get("homepage"))
    yield from listed(manifest.get("related"))


def _canvas(item: Json, number: int) -> Canvas:
    bodies = [body for content in _painted(item) for body in _bodies(content)]
    pictures = [picture for body in bodies if (picture := _picture(body, item))]
    others = [kind_of(body) or "nothing" for body in bodies if not _picture(body, item)]
    return Canvas(
        id=id_of(item) or f"canvas {number}",
        label=text_of(item.get("label")),
        caption=text_of(item.get("summary") or item.get("description")),
        pairs=pairs_of(item.get("metadata")),
        pictures=tuple(pictures),
        others=tuple(dict.fromkeys(others)),
    )


def _painted(item: Json) -> Iterator[Any]:
    """Yield what is painted on a canvas, by either version."""
    for image in listed(item.get("images")):
        if isinstance(image, dict):
            yield image.get("resource")
    for page in listed(item.get("items")):
        for note in listed(page.get("items")) if isinstance(page, dict) else []:
            if isinstance(note, dict) and "painting" in listed(note.get("motivation", "painting")):
                yield note.get("body")


def _bodies(content: Any) -> Iterator[Json]:
    """Yield each body; of a choice the first, of a part the whole."""
    for body in listed(content)[:50]:
        for _ in range(5):  # parts of choices of parts
            if not isinstance(body, dict):
                break
            if kind_of(body) == "Choice":
                options = [body.get("default"), *listed(body.get("items") or body.get("item"))]
                body = next((one for one in options if isinstance(one, dict)), None)
            elif kind_of(body) == "SpecificResource":
                source = body.get("source") or body.get("full")
                body = {"id": source, "type": "Image"} if isinstance(source, str) else source
            else:
                yield body
                break


def _picture(body: Json, canvas: Json) -> Picture | None:
    services = tuple(one for one in listed(body.get("service"))[:10] if isinstance(one, dict))
    if kind_of(body) != "Image" and not str(body.get("format", "")).startswith("image/"):
        return None
    if not id_of(body) and not services:
        return None
    width_px, height_px = size_of(body)
    if not (width_px and height_px):  # a canvas has the shape of its picture, if not the size
        width_px, height_px = 0, 0
    return Picture(id=id_of(body), width_px=width_px, height_px=height_px, services=services)


def size_of(page: Json) -> tuple[int, int]:
    """Return width and height in pixels, 0 where they are not told."""

    def whole(value: Any) -> int:
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e7
        return int(value) if good else 0

    return whole(page.get("width")), whole(page.get("height"))
