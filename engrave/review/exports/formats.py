"""All formats by name: how each is written, what it is called, and how it is read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from engrave.errors import ReviewError
from engrave.review.exports.annotations import as_annotations, read_annotations
from engrave.review.exports.archives import (
    Pictures,
    read_archive,
    write_imagefolder,
    write_texts,
    write_xmp,
)  # fmt: skip
from engrave.review.exports.tables import json_lines, read_csv, read_json_lines, write_csv
from engrave.review.project import FORMAT, read_project
from engrave.review.record import Record, acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to take the texts away."""

    name: str
    label: str
    suffix: str
    write: Callable[[Sequence[Record], Pictures, str, BinaryIO], None]
    needs_pictures: bool = False


def _put(out: BinaryIO, data: bytes) -> None:
    out.write(data)


FORMATS = {
    one.name: one
    for one in (
        Format(
            name="csv", label="CSV", suffix=".csv", write=lambda r, p, c, out: write_csv(r, out)
        ),
        Format(
            name="jsonl",
            label="JSON lines",
            suffix=".jsonl",
            write=lambda r, p, c, out: out.writelines(json_lines(r)),
        ),
        Format(
            name="imagefolder",
            label="Pictures with metadata.jsonl",
            suffix="-imagefolder.zip",
            write=lambda r, p, c, out: write_imagefolder(r, p, out),
            needs_pictures=True,
        ),
        Format(
            name="texts",
            label="Text files",
            suffix="-texts.zip",
            write=lambda r, p, c, out: write_texts(r, out),
        ),
        Format(
            name="annotations",
            label="IIIF annotations",
            suffix="-annotations.json",
            write=lambda r, p, c, out: _put(out, as_annotations(r, c)),
        ),
        Format(
            name="xmp",
            label="Pictures with XMP",
            suffix="-xmp.zip",
            write=lambda r, p, c, out: write_xmp(r, p, out),
            needs_pictures=True,
        ),
    )
}


def format_named(name: object) -> Format:
    """Return a format; raises ReviewError for an unknown name."""
    if not isinstance(name, str) or name not in FORMATS:
        raise ReviewError(f"There is no such format; choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def meant(records: Sequence[Record], everything: bool) -> list[Record]:
    """Return what is exported: of what a text was accepted, or all; raises ReviewError for
    nothing."""
    chosen = [record for record in records if everything or acceptance(record)]
    if not chosen:
        raise ReviewError(
            "Nothing is accepted yet; accept captions first, or export all of them, marked."
            if records
            else "There are no captions yet; caption pictures first."
        )
    return chosen


def read_back(data: bytes, name: str) -> list[Record]:
    """Return the records of a project or of an export, whatever its format."""
    head = data[:4000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if data[:2] == b"PK":
        return read_archive(data)
    if head.startswith(b'{"format": "') and FORMAT.encode() in head[:80]:
        return list(read_project(data))
    if name.lower().endswith(".jsonl"):
        return read_json_lines(data)
    if head.startswith(b"{"):
        return read_annotations(data)
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return read_csv(data)
    raise ReviewError(
        f"'{name[:80]}' is no project and no export; give a .jsonl, .csv, .json or .zip from here."
    )
