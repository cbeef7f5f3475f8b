"""Writes a choice of engravings for use elsewhere: CSV, JSON lines, a contact sheet, pictures."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import PngImagePlugin
from PIL.Image import Image

from engrave.answers import Neighbour
from engrave.errors import CollectionError
from engrave.image import png_with_metadata
from engrave.lettering import unpacked
from engrave.marks import xmp

if TYPE_CHECKING:
    from fpdf import FPDF

COLUMNS = (
    "id", "caption", "printed", "subject", "technique", "book", "author", "year", "url",
    "caption_by", "picture_by",
)  # fmt: skip
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


class Imported(dict[str, str]):
    """Pictures that were imported, by id, and who wrote their captions; given as originals are."""


def caption_by(one: Neighbour, originals: Container[str]) -> str:
    """Say who wrote the caption of an engraving."""
    if isinstance(originals, Imported) and one.id in originals:
        return WRITERS.get(originals[one.id], "")
    return CAPTION_BY


def picture_by(one: Neighbour, originals: Container[str]) -> str:
    """Say what the picture of an engraving is."""
    return kept(originals) if one.id in originals else PICTURE_BY


def kept(originals: Container[str]) -> str:
    """Say what the pictures are that are no reconstructions."""
    return IMPORTED if isinstance(originals, Imported) else ORIGINAL


def facts(one: Neighbour, originals: Container[str] = NONE) -> dict[str, object]:
    """Return what is exported of an engraving."""
    own = {name: getattr(one, name) for name in COLUMNS[:-2]}
    told = {"caption_by": caption_by(one, originals), "picture_by": picture_by(one, originals)}
    return own | told


def as_csv(chosen: Sequence[Neighbour], originals: Container[str] = NONE) -> bytes:
    """Return a table that spreadsheets open with its accents and without running it."""
    page = io.StringIO(newline="")
    writer = csv.DictWriter(page, COLUMNS)
    writer.writeheader()
    for one in chosen:
        writer.writerow({name: guarded(cell) for name, cell in facts(one, originals).items()})
    return page.getvalue().encode("utf-8-sig")


def as_json_lines(chosen: Sequence[Neighbour], originals: Container[str] = NONE) -> bytes:
    """Return one object a line."""
    lines = (json.dumps(facts(one, originals), ensure_ascii=False) + "\n" for one in chosen)
    return "".join(lines).encode()


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
        archive.writestr("engravings.csv", as_csv(chosen, originals))
        archive.writestr("engravings.jsonl", as_json_lines(chosen, originals))
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
        ending = "imported" if isinstance(originals, Imported) else "original"
        return f"pictures/{one.id}-{ending}.png", buffer.getvalue()
    told["model_version"] = model_version
    return f"pictures/{one.id}-reconstruction.png", png_with_metadata(picture, told)


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
    with tempfile.TemporaryDirectory() as scratch:
        sheet = FPDF(format="A4")
        sheet.set_auto_page_break(False)
        set_fonts(sheet, Path(scratch))
        if not all(one.id in originals for one in chosen):
            sheet.set_xmp_metadata(xmp({"prompt": title}))
        for number, (one, picture) in enumerate(zip(chosen, pictures, strict=True)):
            if number % (ACROSS * DOWN) == 0:
                _begin_page(sheet, title, number // (ACROSS * DOWN) + 1, pictures_of)
            _cell(sheet, number % (ACROSS * DOWN), one, picture, some and one.id in originals)
        return bytes(sheet.output())


def set_fonts(sheet: FPDF, scratch: Path) -> None:
    """Unpack the page's web fonts, since PDFs take no WOFF2."""
    for name, data in unpacked().items():
        (scratch / f"{name}.ttf").write_bytes(data)
        sheet.add_font(name, fname=scratch / f"{name}.ttf")
    sheet.set_fallback_fonts(["latin-ext"])


def _begin_page(sheet: FPDF, title: str, number: int, pictures: str) -> None:
    sheet.add_page()
    sheet.set_font("latin", size=11)
    sheet.set_xy(MARGIN_MM, MARGIN_MM - 6)
    sheet.cell(sheet.epw, 5, cut(title, 90))
    sheet.set_xy(MARGIN_MM, sheet.h - MARGIN_MM + 2)
    sheet.set_font("latin", size=8)
    sheet.cell(sheet.epw, 4, f"Pictures: {pictures}. Page {number}")


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
    sheet.multi_cell(width, 2.9, text, align="L", max_line_height=2.9)


def _origin(one: Neighbour) -> str:
    known = [cut(one.book or one.printed, 46), str(one.year) if one.year else ""]
    return ", ".join(filter(None, known)) + ". " if any(known) else ""


def cut(text: str, limit: int) -> str:
    """Return a text of no more than so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 2].rstrip()} …"
