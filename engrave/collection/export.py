"""Writes a choice of engravings for use elsewhere: CSV, JSON lines, a contact sheet, pictures."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PIL import PngImagePlugin
from PIL.Image import Image

from engrave.answers import Neighbour
from engrave.errors import CollectionError
from engrave.image import png_with_metadata
from engrave.lettering import UNKNOWN, lent, printable, unpacked
from engrave.marks import xmp

if TYPE_CHECKING:
    from fpdf import FPDF

COLUMNS = (
    "id", "caption", "printed", "subject", "technique", "book", "author", "year", "url",
    "caption_by", "picture_by",
)  # fmt: skip
FILE = "file_name"
UNLIKE = ("id", "caption", "printed", "caption_by", "picture_by")  # columns that are no facets
CAPTION_BY = "written for the training set, from the scan"
PICTURE_BY = "the model's reconstruction, not a scan"
ORIGINAL = "original from Project Gutenberg"
IMPORTED = "as it was imported"
WRITERS = {
    "source": "came with the picture", "person": "written by a person", "model": "the model's",
}  # fmt: skip
NONE: Container[str] = frozenset()  # which of the engravings are shown by their originals
MARGIN_MM, GAP_MM = 14.0, 5.0
ACROSS, DOWN = 4, 5  # cells of a page of A4
MARK = "•"  # of an original on a contact sheet
WORDS = 120  # characters of a caption on a contact sheet


def guarded(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") and cell else cell


class Held(Protocol):
    """What is known of a picture that was imported."""

    @property
    def id(self) -> str:
        """Name of the picture in its collection."""

    @property
    def key(self) -> str:
        """What the picture is called in its source."""

    @property
    def caption_by(self) -> str:
        """Who wrote the caption."""

    @property
    def facets(self) -> Mapping[str, str]:
        """What else its source says of it."""


class Imported(dict[str, Held]):
    """Pictures that were imported, by id; given as originals are."""

    def __init__(self, held: Iterable[Held]) -> None:
        super().__init__({one.id: one for one in held})

    def more(self, id: str) -> dict[str, object]:
        """Return what is exported of a picture beside the columns that all have: its file, and the
        facets that its source brought."""
        if id not in self:
            return {}
        told: dict[str, object] = {FILE: self[id].key}
        for name, value in self[id].facets.items():
            if name not in COLUMNS:
                told["file_name (facet)" if name == FILE else name] = value
            elif name in UNLIKE:
                told[f"{name} (facet)"] = value
        return told


def caption_by(one: Neighbour, originals: Container[str]) -> str:
    """Say who wrote the caption of an engraving."""
    if isinstance(originals, Imported) and one.id in originals:
        return WRITERS.get(originals[one.id].caption_by, "")
    return CAPTION_BY


def picture_by(one: Neighbour, originals: Container[str]) -> str:
    """Say what the picture of an engraving is."""
    return kept(originals) if one.id in originals else PICTURE_BY


def kept(originals: Container[str]) -> str:
    """Say what the pictures are that are no reconstructions."""
    return IMPORTED if isinstance(originals, Imported) else ORIGINAL


def facts(
    one: Neighbour, originals: Container[str] = NONE, packed: bool = False
) -> dict[str, object]:
    """Return what is exported of an engraving; `packed` names its file in a ZIP."""
    own = {name: getattr(one, name) for name in COLUMNS[:-2]}
    told = {"caption_by": caption_by(one, originals), "picture_by": picture_by(one, originals)}
    more = originals.more(one.id) if isinstance(originals, Imported) else {}
    if packed and more:  # so that the ZIP can be imported with what its table says
        more = {FILE: _path(one, originals), "original_file": more.pop(FILE)} | more
    return own | told | more


def as_csv(
    chosen: Sequence[Neighbour], originals: Container[str] = NONE, packed: bool = False
) -> bytes:
    """Return a table that spreadsheets open with its accents and without running it."""
    rows = [facts(one, originals, packed) for one in chosen]
    columns = list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow(map(guarded, columns))
    writer.writerows([guarded(row.get(name, "")) for name in columns] for row in rows)
    return page.getvalue().encode("utf-8-sig")


def as_json_lines(
    chosen: Sequence[Neighbour], originals: Container[str] = NONE, packed: bool = False
) -> bytes:
    """Return one object a line."""
    rows = (facts(one, originals, packed) for one in chosen)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_zip(
    chosen: Sequence[Neighbour],
    pictures: Iterable[Image],
    model_version: str,
    originals: Container[str] = NONE,
) -> bytes:
    """Return a ZIP of PNGs that say what they are, with both tables and a note."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs are packed already
        for one, picture in zip(chosen, pictures, strict=True):
            archive.writestr(*_file(one, picture, model_version, originals))
        archive.writestr("engravings.csv", as_csv(chosen, originals, True))
        archive.writestr("engravings.jsonl", as_json_lines(chosen, originals, True))
        archive.writestr("README.txt", _note(chosen, model_version, originals))
    return buffer.getvalue()


def _note(chosen: Sequence[Neighbour], model_version: str, originals: Container[str]) -> str:
    some = [one.id in originals for one in chosen]
    note = ""
    if not all(some):
        note += f"Each -reconstruction.png is {PICTURE_BY} (model {model_version}).\n"
    if any(some) and isinstance(originals, Imported):
        note += f"Each -imported.png is shown {IMPORTED}, in grey and scaled down.\n"
    elif any(some):
        note += f"Each -original.png is the {ORIGINAL}, in grey and scaled down.\n"
    return note + "The books are linked in the tables.\n"


def _file(
    one: Neighbour, picture: Image, model_version: str, originals: Container[str]
) -> tuple[str, bytes]:
    """Return name and bytes of a picture; an original has no mark of a generated one."""
    told = {"id": one.id, "book": one.book, "caption": one.caption}
    told["source"] = picture_by(one, originals)
    if one.id in originals:
        chunks = PngImagePlugin.PngInfo()
        for key, value in (told | {"url": one.url}).items():
            chunks.add_text(key, value)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", pnginfo=chunks)
        return _path(one, originals), buffer.getvalue()
    told["model_version"] = model_version
    return _path(one, originals), png_with_metadata(picture, told)


def _path(one: Neighbour, originals: Container[str]) -> str:
    """Return where a picture lies in a ZIP."""
    kind = "imported" if isinstance(originals, Imported) else "original"
    return f"pictures/{one.id}-{kind if one.id in originals else 'reconstruction'}.png"


def as_contact_sheet(
    chosen: Sequence[Neighbour],
    pictures: Iterable[Image],
    title: str,
    originals: Container[str] = NONE,
) -> bytes:
    """Return a PDF of A4 pages: 20 engravings on each, with caption, book, year and number."""
    if not chosen:
        raise CollectionError("Nothing is chosen; select engravings on the map or in the table.")
    from fpdf import FPDF  # half a second to import: only who prints pays

    own = [one.id in originals for one in chosen]
    some = any(own) and not all(own)
    pictures_of = f"{MARK} {kept(originals)}; others: {PICTURE_BY}" if some else PICTURE_BY
    pictures_of = kept(originals) if all(own) else pictures_of
    shown = title + "".join(one.caption + _origin(one) for one in chosen)
    note = "" if printable(shown) == shown else f". {UNKNOWN}: a letter that no font here has"
    with tempfile.TemporaryDirectory() as scratch:
        sheet = FPDF(format="A4")
        sheet.set_auto_page_break(False)
        set_fonts(sheet, Path(scratch))
        if not all(one.id in originals for one in chosen):
            sheet.set_xmp_metadata(xmp({"prompt": title}))
        for number, (one, picture) in enumerate(zip(chosen, pictures, strict=True)):
            if number % (ACROSS * DOWN) == 0:
                _begin_page(sheet, title, number // (ACROSS * DOWN) + 1, pictures_of, note)
            _cell(sheet, number % (ACROSS * DOWN), one, picture, some and one.id in originals)
        return bytes(sheet.output())


def set_fonts(sheet: FPDF, scratch: Path) -> None:
    """Unpack the page's web fonts, since PDFs take no WOFF2."""
    for name, data in unpacked().items():
        (scratch / f"{name}.ttf").write_bytes(data)
        sheet.add_font(name, fname=scratch / f"{name}.ttf")
    for name, path in lent().items():
        sheet.add_font(name, fname=path)
    sheet.set_fallback_fonts(["latin-ext", *lent()])


def _begin_page(sheet: FPDF, title: str, number: int, pictures: str, note: str) -> None:
    sheet.add_page()
    sheet.set_font("latin", size=11)
    sheet.set_xy(MARGIN_MM, MARGIN_MM - 6)
    sheet.cell(sheet.epw, 5, printable(cut(title, 90)))
    sheet.set_xy(MARGIN_MM, sheet.h - MARGIN_MM + 2)
    sheet.set_font("latin", size=8)
    sheet.cell(sheet.epw, 4, f"Pictures: {pictures}. Page {number}{note}")


def _cell(sheet: FPDF, place: int, one: Neighbour, picture: Image, is_original: bool) -> None:
    width = (sheet.w - 2 * MARGIN_MM - (ACROSS - 1) * GAP_MM) / ACROSS
    height = (sheet.h - 2 * MARGIN_MM - 4 - (DOWN - 1) * GAP_MM) / DOWN
    side = height - 17
    left = MARGIN_MM + place % ACROSS * (width + GAP_MM)
    top = MARGIN_MM + 3 + place // ACROSS * (height + GAP_MM)
    sheet.image(picture, left, top, min(side, width), min(side, width))
    sheet.set_font("latin", size=7)
    sheet.set_xy(left, top + min(side, width) + 1)
    text = f"{cut(one.caption, WORDS)}\n{_origin(one)}No. {one.id}"
    text += f" {MARK}" if is_original else ""
    sheet.multi_cell(width, 2.9, printable(text), align="L", max_line_height=2.9)


def _origin(one: Neighbour) -> str:
    known = [cut(one.book or one.printed, 46), str(one.year) if one.year else ""]
    return ", ".join(filter(None, known)) + ". " if any(known) else ""


def cut(text: str, limit: int) -> str:
    """Return a text of no more than so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 2].rstrip()} …"
