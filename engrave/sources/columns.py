"""Sorts the columns of a table, or the labels of a catalogue, into title, caption and facets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from engrave.limits import one_line

MAX_TITLE, MAX_CAPTION, MAX_FACET = 500, 2_000, 500  # characters
MAX_FACETS = 60  # of one picture
MAX_LIST = 20  # values of one cell
FILE = (
    "file_name", "filename", "file", "image_file_name", "image_file", "image_filename",
    "image_name", "image_path", "file_path", "filepath", "path", "image", "img", "picture",
    "picture_file", "photo", "scan", "dateiname", "datei", "bild", "bilddatei", "fichier",
    "image_url", "img_url", "url_image", "thumbnail_url", "media",
)  # fmt: skip
ROLES = {  # names that catalogues use, the likeliest first
    "title": (
        "title", "printed", "printed_title", "titel", "titre", "titulo", "titolo", "label",
        "object_name", "name",
    ),
    "caption": (
        "caption", "captions", "text", "description", "alt", "alt_text", "summary", "beschreibung",
        "bildbeschreibung", "legend", "legende", "prompt",
    ),
    "subject": (
        "subject", "subjects", "theme", "topic", "keywords", "schlagwort", "thema", "sujet",
        "genre", "iconography", "depicts", "classification",
    ),
    "technique": (
        "technique", "techniques", "medium", "technik", "process", "material", "materials",
        "physical_description", "materials_techniques",
    ),
    "book": (
        "book", "source_book", "publication", "published_in", "buch", "livre", "volume", "part_of",
    ),
    "author": (
        "author", "authors", "artist", "artist_display_name", "creator", "creators", "engraver",
        "printmaker", "maker", "contributor", "contributors", "kunstler", "urheber", "auteur",
        "verfasser",
    ),
    "year": (
        "year", "date", "dates", "object_date", "date_created", "date_issued", "published",
        "publication_date", "date_of_publication", "jahr", "datum", "datierung", "annee",
    ),
    "url": (
        "url", "link", "links", "href", "address", "source_url", "object_url", "link_resource",
        "permalink", "uri", "webpage",
    ),
    "rights": (
        "rights", "license", "licence", "copyright", "rights_statement", "usage_rights", "lizenz",
        "rechte", "licencia", "credit", "attribution",
    ),
}  # fmt: skip
IDS = ("id", "identifier", "object_id", "objectid", "accession_number", "inventory_number", "uuid")
YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source says of one picture."""

    title: str = ""
    caption: str = ""
    facets: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=10_000)
def plain_name(name: str) -> str:
    """Return a column's name so that spellings of it are the same: "File Name" is file_name."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"[(\[].*", "", bare)).strip("_")


def find_column(names: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """Return the column that goes by one of the wanted names, the likeliest first."""
    by_plain = {plain_name(name): name for name in reversed(list(names))}
    return next((by_plain[name] for name in wanted if name in by_plain), None)


def facts_of(cells: Mapping[str, object], leave_out: Iterable[str] = ()) -> Facts:
    """Sort named values; what fits no role becomes a facet under its own name."""
    texts = {name: cell_text(cell) for name, cell in cells.items() if name not in set(leave_out)}
    texts = {name: text for name, text in texts.items() if _facet_name(name) and text}
    found, facets = {}, {}
    for role, wanted in ROLES.items():
        column = find_column(texts, wanted)
        if column is None or (role == "title" and not re.search(r"[^\W\d_]", texts[column])):
            continue  # a label that is a number is a class, no title
        if role == "year":
            match = YEAR.search(texts[column])
            if match is None or match[0] != texts[column]:
                facets[_facet_name(column)] = texts[column][:MAX_FACET]  # "about 1750" stays too
            found[role] = match[0] if match else ""
        else:
            found[role] = texts[column]
        del texts[column]
    title, caption = found.pop("title", ""), found.pop("caption", "")
    named = {role: value[:MAX_FACET] for role, value in found.items() if value}
    others = {_facet_name(name): text[:MAX_FACET] for name, text in texts.items()}
    merged = {**others, **facets, **named}
    kept = [*named, *(name for name in merged if name not in named)][:MAX_FACETS]
    return Facts(
        title=title[:MAX_TITLE],
        caption=caption[:MAX_CAPTION],
        facets={name: merged[name] for name in kept},
    )


def cell_text(cell: object) -> str:
    """Return a value as one line of text; what is no text, number or list of these is left out."""
    if isinstance(cell, str):
        return one_line(cell[:MAX_CAPTION])
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15
        return "" if cell != cell else str(int(cell)) if whole else str(cell)
    if isinstance(cell, list | tuple):
        parts = [cell_text(part) for part in cell[:MAX_LIST] if not isinstance(part, list | tuple)]
        return "; ".join(part for part in parts if part)
    isoformat = getattr(cell, "isoformat", None)  # dates, as tables of Parquet hold them
    return str(isoformat()) if callable(isoformat) else ""


def _facet_name(column: str) -> str:
    return one_line(column).lower()[:60]
