"""Web Annotations (W3C, 2017) that describe IIIF canvases, one for each record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urlsplit

from engrave.errors import ReviewError
from engrave.review.exports.rows import mark_of
from engrave.review.parsing import from_json
from engrave.review.record import Record, acceptance, released

CONTEXT = [
    "http://www.w3.org/ns/anno.jsonld",
    "http://iiif.io/api/presentation/3/context.json",  # IIIF wants its own as the last
]
MARK, RECORD = "urn:engrave:review#mark", "urn:engrave:review#record"  # whole IRIs need no context
FIELDS = ("stem", "file", "key")
EXAMPLE = "https://example.org/iiif/{stem}/canvas/1"


def as_annotations(records: Iterable[Record], canvas: str) -> bytes:
    """Return an annotation page of one record or more; `canvas` is the address of a canvas with
    {stem}, {file} or {key} where the name of the file, the same with its ending, or its SHA-256
    belongs."""
    targets = [(record, target_of(record, canvas)) for record in records]
    keys = "".join(record.key for record, _ in targets)
    page = {
        "@context": CONTEXT,
        "id": f"{targets[0][1]}/page/engrave-{sha256(keys.encode()).hexdigest()[:16]}",
        "type": "AnnotationPage",
        "items": [annotation(record, target) for record, target in targets],
    }
    return (json.dumps(page, ensure_ascii=False, indent=1) + "\n").encode()


def annotation(record: Record, target: str) -> dict[str, Any]:
    """Return one annotation; a person is its creator once they accepted it."""
    machine = record.machine
    version = quote(machine.model_version, safe="")
    page: dict[str, Any] = {
        "id": f"{target}/annotation/engrave-{record.key[:16]}",  # IIIF takes no other than http
        "type": "Annotation",
        "motivation": "describing",
        "generator": {
            "id": f"urn:engrave:model:{version}",
            "type": "Software",
            "name": f"Engrave, model {machine.model_version}",
        },
        "generated": machine.written,
        "body": bodies(record),
        "target": target,
        MARK: mark_of(record),
        RECORD: json.dumps(record.as_json()),  # a text, so that no reader of JSON-LD drops a part
    }
    accepted = acceptance(record)
    if accepted is not None:
        page["creator"] = {"type": "Person", "name": accepted.reviewer}
        page["created"] = page["modified"] = accepted.reviewed
    return page


def bodies(record: Record) -> list[dict[str, Any]]:
    """Return the texts, each with what it is for."""
    texts = released(record)
    found = []
    if texts["caption"] or acceptance(record) is None:
        found.append(_text("describing", texts["caption"]))
    if texts["alt"]:
        found.append(_text("describing", texts["alt"]) | {"accessibility": "alternativeText"})
    if texts["title"]:
        found.append(_text("identifying", texts["title"]))
    if texts["printed"]:
        found.append(_text("supplementing", texts["printed"]))
    return found + [_text("tagging", tag) for tag in texts["tags"]]


def _text(purpose: str, value: str) -> dict[str, Any]:
    body = {"type": "TextualBody", "purpose": purpose, "value": value, "format": "text/plain"}
    spoken = purpose not in ("identifying", "supplementing")  # printed words may be of any language
    return body | ({"language": "en"} if spoken else {})


def target_of(record: Record, canvas: str) -> str:
    """Return the address of a record's canvas; raises ReviewError where the pattern gives none."""
    canvas = canvas.strip()
    if not _is_address(canvas):
        raise ReviewError(
            "Annotations need the address of the IIIF canvases; "
            f"give one with {{stem}} where the name of the file belongs, such as {EXAMPLE}."
        )
    values = {"stem": PurePath(record.file).stem, "file": record.file, "key": record.key}
    if not any(f"{{{name}}}" in canvas for name in FIELDS):
        raise ReviewError(
            "All pictures would get the same canvas; write {stem}, {file} or {key} into its "
            f"address, such as {EXAMPLE}."
        )
    for name, value in values.items():
        canvas = canvas.replace(f"{{{name}}}", quote(value, safe=""))
    return canvas


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def read_annotations(data: bytes) -> list[Record]:
    """Return the records of an annotation page that was written here."""
    try:
        page = json.loads(data)
        items = page["items"]
        return [from_json(json.loads(item[RECORD])) for item in items]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReviewError(
            "These annotations carry no records; read a page that was exported here."
        ) from error
