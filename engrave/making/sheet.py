"""Sheets of pictures in rows and columns with words beside them, as one PNG or as a PDF for print.

The rows may be texts and the columns seeds, or both the ways of a pad.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from engrave.answers import Plate
from engrave.collection.export import cut, set_fonts
from engrave.errors import PromptError
from engrave.image import png_with_metadata
from engrave.lettering import CUT, Letters, sharp
from engrave.limits import SHEET_SEEDS, SHEET_TEXTS, clean_text
from engrave.making.edits import series
from engrave.marks import xmp
from engrave.progress import Progress, part, suffixed
from engrave.recipe import Recipe
from engrave.recipe_file import SHEET, checked

if TYPE_CHECKING:
    from fpdf import FPDF

NO_TEXT = "(no text, only the seed)"
GAP_PX, WORDS_PX, LEAST_PX = 16, 256, 96  # LEAST_PX: the room for words beside a tiny picture
LETTERS_PX = (22, 19, 16, 13)  # the first that fits into the room
MARGIN_MM, GAP_MM, HEAD_MM, FOOT_MM, WORDS_MM = 15.0, 4.0, 20.0, 8.0, 44.0
LARGEST_MM = 62.0
LETTERS_PT = (11.0, 9.0, 7.5, 6.5)
A_POINT_MM = 0.42  # height of a line for each point of its letters
Follow = Callable[..., Plate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on a sheet: a recipe for each cell, row by row, and the words at its edges."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    recipes: tuple[Recipe, ...]

    def facts(self, model_version: str) -> dict[str, str]:
        """Return what the files say of themselves; no key is the seed of one picture."""
        like = self.recipes[0]
        told = {"prompt": f"{self.title}: {'; '.join(self.rows)}", "less": like.less}
        told |= {"guidance": f"{like.guidance:g}", "steps": str(like.steps)}
        told |= {"columns": "; ".join(self.columns), "model_version": model_version}
        pages = [one.page() for one in self.recipes]
        return told | {SHEET: json.dumps(pages, ensure_ascii=False)}


def sheet_of(texts: Sequence[str], seeds: int, like: Recipe) -> Sheet:
    """Return the sheet of texts (rows) by consecutive seeds (columns), all other settings alike;
    raises PromptError where there are too many or none."""
    seeds = SHEET_SEEDS.whole(seeds)
    SHEET_TEXTS.whole(len(texts))
    rows = [checked(replace(like, text=clean_text(text))) for text in texts]
    columns = [one.seed for one in series(rows[0], seeds)]
    return Sheet(
        title="Texts and seeds",
        rows=tuple(row.text or NO_TEXT for row in rows),
        columns=tuple(f"seed {seed}" for seed in columns),
        recipes=tuple(one for row in rows for one in series(row, seeds)),
    )


def texts_in(lines: object) -> list[str]:
    """Return the texts of a field that holds one a line; empty lines are none."""
    if not isinstance(lines, str):
        raise PromptError("The texts of a sheet are none; write one a line.")
    texts = [line.strip() for line in lines.splitlines() if line.strip()]
    if not texts:
        raise PromptError("There is no text for the sheet; write one a line.")
    return texts


def drawn(sheet: Sheet, follow: Follow, progress: Progress | None = None) -> Iterator[Plate]:
    """Make the pictures of a sheet, row by row."""
    total = len(sheet.recipes)
    for index, recipe in enumerate(sheet.recipes):
        share = part(progress, index / total, (index + 1) / total)
        share = suffixed(share, f" picture {index + 1} of {total}")
        yield follow(recipe, num_neighbours=0, describe=False, progress=share)


def settled(sheet: Sheet, plates: Sequence[Plate]) -> Sheet:
    """Return the sheet with the recipes of what was made, in which chance has settled all."""
    return replace(sheet, recipes=tuple(plate.recipe for plate in plates))


def as_png(sheet: Sheet, pictures: Sequence[Image.Image], model_version: str) -> bytes:
    """Return a PNG in which each picture stands pixel by pixel as it was made."""
    side = pictures[0].width
    pitch, words_px = side + GAP_PX, max(WORDS_PX, LEAST_PX)
    row_px = max(side, LEAST_PX) + GAP_PX
    head = Letters(LETTERS_PX[1])
    top = GAP_PX + 2 * head.line_px
    size = (
        2 * GAP_PX + words_px + len(sheet.columns) * pitch,
        top + len(sheet.rows) * row_px + 2 * head.line_px,
    )
    page = Image.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    left = GAP_PX + words_px + GAP_PX
    for place, words in enumerate(sheet.columns):
        at = left + place * pitch, GAP_PX + head.line_px // 2
        head.write(pen, at, head.cut(words, side))
    for place, words in enumerate(sheet.rows):
        _beside(pen, words, (GAP_PX, top + place * row_px), words_px, row_px - GAP_PX)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, len(sheet.columns))
        page.paste(picture.convert("L"), (left + column * pitch, top + row * row_px))
    foot = Letters(LETTERS_PX[2])
    room = size[0] - 2 * GAP_PX
    at = GAP_PX, size[1] - head.line_px - GAP_PX // 2
    foot.write(pen, at, foot.cut(_told(sheet, model_version), room))
    return png_with_metadata(page, sheet.facts(model_version))


def as_pdf(sheet: Sheet, pictures: Sequence[Image.Image], model_version: str) -> bytes:
    """Return a PDF of A4 pages across; fonts are embedded, and the columns are named on each."""
    from fpdf import FPDF  # half a second to import: only who prints pays

    side, a_page = _measures(len(sheet.rows), len(sheet.columns))
    with tempfile.TemporaryDirectory() as scratch:
        paper = FPDF(format="A4", orientation="landscape")
        paper.set_auto_page_break(False)
        paper.c_margin = 0  # so that words begin where pictures do
        paper.set_title(sheet.title)
        paper.set_creator(f"Engrave {model_version}".strip())
        paper.set_lang("en")
        paper.set_xmp_metadata(xmp(sheet.facts(model_version)))
        set_fonts(paper, Path(scratch))
        for row, words in enumerate(sheet.rows):
            if row % a_page == 0:
                _begin(paper, sheet, side, model_version)
            top = MARGIN_MM + HEAD_MM + row % a_page * (side + GAP_MM)
            _printed(paper, words, top, side)
            for column in range(len(sheet.columns)):
                picture = sharp(pictures[row * len(sheet.columns) + column], side)
                paper.image(picture, _column_mm(column, side), top, side, side)
        return bytes(paper.output())


def _beside(
    pen: ImageDraw.ImageDraw, words: str, at: tuple[int, int], width_px: int, height_px: int
) -> None:
    """Write words in the largest letters that fit, and cut what fits in none."""
    for size in LETTERS_PX:
        letters = Letters(size)
        lines = letters.lines(words, width_px)
        most = max(1, height_px // letters.line_px)
        if len(lines) <= most:
            break
    if len(lines) > most:
        lines = [*lines[: most - 1], letters.cut(lines[most - 1] + CUT, width_px)]
    for number, line in enumerate(lines):
        letters.write(pen, (at[0], at[1] + number * letters.line_px), line)


def _told(sheet: Sheet, model_version: str) -> str:
    like = sheet.recipes[0]
    less = f" · less of “{like.less}”" if like.less else ""
    return (
        f"Made by the model Engrave {model_version}; none is a scan. "
        f"Guidance {like.guidance:g} · {like.steps} steps{less}"
    )


def _measures(rows: int, columns: int) -> tuple[float, int]:
    """Return the side of a picture in mm, and how many rows stand on a page of A4 across."""
    across = 297 - 2 * MARGIN_MM - WORDS_MM
    down = 210 - 2 * MARGIN_MM - HEAD_MM - FOOT_MM
    side = min(LARGEST_MM, across / columns - GAP_MM)
    a_page = min(rows, max(1, round(down / (side + GAP_MM))))
    return min(side, down / a_page - GAP_MM), a_page


def _column_mm(column: int, side: float) -> float:
    return MARGIN_MM + WORDS_MM + GAP_MM + column * (side + GAP_MM)


def _begin(paper: FPDF, sheet: Sheet, side: float, model_version: str) -> None:
    """Begin a page: title, names of the columns, and at its foot who made the pictures."""
    paper.add_page()
    paper.set_text_color(0)
    paper.set_font("latin", size=16)
    paper.set_xy(MARGIN_MM, MARGIN_MM)
    paper.cell(paper.epw, 7, cut(sheet.title, 90))
    paper.set_font("latin", size=9 if side > 25 else 7)
    for column, words in enumerate(sheet.columns):
        paper.set_xy(_column_mm(column, side), MARGIN_MM + HEAD_MM - 5.5)
        paper.cell(side, 4, cut(words, max(8, round(side * 0.7))))
    paper.set_xy(MARGIN_MM, paper.h - MARGIN_MM - 4)
    paper.set_font("latin", size=8)
    paper.set_text_color(90)
    paper.cell(paper.epw, 4, cut(f"{_told(sheet, model_version)}. Page {paper.page_no()}", 190))
    paper.set_text_color(0)


def _printed(paper: FPDF, words: str, top: float, room_mm: float) -> None:
    """Print words beside a row in the largest letters that fit, and cut what fits in none."""
    for size in LETTERS_PT:
        paper.set_font("latin", size=size)
        line = size * A_POINT_MM
        found: Any = paper.multi_cell(
            WORDS_MM, line, words, align="L", dry_run=True, output="LINES"
        )
        rows: list[str] = found  # which is what it gives for LINES
        most = max(1, int(room_mm / line))
        if len(rows) <= most:
            break
    shown = " ".join(rows[:most]) + (CUT if len(rows) > most else "")
    paper.set_xy(MARGIN_MM, top)
    paper.multi_cell(WORDS_MM, line, shown, align="L", max_line_height=line)
