"""Lays frames of a walk out on one sheet of paper for print, with their captions."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engrave import limits
from engrave.answers import Walk
from engrave.collection.export import cut, set_fonts
from engrave.lettering import sharp
from engrave.marks import xmp
from engrave.walks.timeline import caption_at

if TYPE_CHECKING:
    from fpdf import FPDF

SIZES = ("a4", "a3")
MARGIN_MM, GAP_MM, HEAD_MM, FOOT_MM = 15.0, 6.0, 16.0, 8.0
WORDS = 110  # characters of a caption
TEXT_SHARE = 0.26  # of the side of a picture, for the words below it
LEAST_TEXT_MM = 13.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a poster is printed on, and how much of the walk it shows."""

    size: str = "a4"
    landscape: bool = True
    pictures: int = 8
    title: str = ""

    def __post_init__(self) -> None:
        limits.one_of("paper", self.size, SIZES)
        limits.POSTER.whole(self.pictures)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pictures stand on a page."""

    columns: int
    rows: int
    side_mm: float
    text_mm: float


def poster(walk: Walk, model_version: str, paper: Paper) -> bytes:
    """Return a PDF of one page; its fonts are embedded and its pictures are grey."""
    from fpdf import FPDF  # half a second to import: only who prints pays

    chosen = chosen_frames(len(walk.frames), walk.stops, paper.pictures)
    with tempfile.TemporaryDirectory() as scratch:
        sheet = FPDF(format=paper.size, orientation="landscape" if paper.landscape else "portrait")
        sheet.set_auto_page_break(False)
        sheet.c_margin = 0  # so that words begin where pictures do
        sheet.set_title(paper.title or "A walk through engravings")
        sheet.set_creator(f"Engrave {model_version}".strip())
        sheet.set_lang("en")
        sheet.set_xmp_metadata(xmp({"model_version": model_version}))
        set_fonts(sheet, Path(scratch))
        sheet.add_page()
        _head(sheet, walk, paper)
        height = sheet.h - 2 * MARGIN_MM - HEAD_MM - FOOT_MM
        grid = best_grid(len(chosen), sheet.w - 2 * MARGIN_MM, height)
        for place, index in enumerate(chosen):
            _picture(sheet, grid, place, walk, index)
        _foot(sheet, model_version)
        return bytes(sheet.output())


def chosen_frames(count: int, stops: tuple[int, ...], num: int) -> list[int]:
    """Return which frames stand on a poster: keyframes first, then the middles of the widest
    gaps."""
    num = min(num, count)
    if num <= len(stops):
        return [stops[round(k * (len(stops) - 1) / (num - 1))] for k in range(num)]
    chosen = sorted({*stops, 0, count - 1})[:num]
    while len(chosen) < num:
        gap, start = max((chosen[k + 1] - chosen[k], -chosen[k]) for k in range(len(chosen) - 1))
        chosen = sorted({*chosen, -start + gap // 2})
    return chosen


def best_grid(count: int, width_mm: float, height_mm: float) -> Grid:
    """Return the grid whose pictures are largest."""
    grids = []
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        across = (width_mm - (columns - 1) * GAP_MM) / columns
        down = (height_mm - (rows - 1) * GAP_MM) / rows
        side = min(across, down - LEAST_TEXT_MM, down / (1 + TEXT_SHARE))
        grids.append(Grid(columns, rows, side, max(LEAST_TEXT_MM, side * TEXT_SHARE)))
    return max(grids, key=lambda grid: (grid.side_mm, -grid.columns))


def _head(sheet: FPDF, walk: Walk, paper: Paper) -> None:
    first, last = (caption_at(walk.captions, at) for at in (walk.stops[0], walk.stops[-1]))
    sheet.set_xy(MARGIN_MM, MARGIN_MM)
    sheet.set_font("latin", size=20)
    title = paper.title or f"A walk through {len(walk.stops)} engravings"
    sheet.cell(sheet.epw, 8, cut(title, 90))
    sheet.set_xy(MARGIN_MM, MARGIN_MM + 8)
    sheet.set_font("latin", size=10)
    if first and last:
        sheet.cell(sheet.epw, 5, cut(f"From “{first}” to “{last}”", 150))


def _picture(sheet: FPDF, grid: Grid, place: int, walk: Walk, index: int) -> None:
    used = grid.columns * grid.side_mm + (grid.columns - 1) * GAP_MM
    left = (sheet.w - used) / 2 + place % grid.columns * (grid.side_mm + GAP_MM)
    step = grid.side_mm + grid.text_mm + GAP_MM
    top = MARGIN_MM + HEAD_MM + place // grid.columns * step
    sheet.image(sharp(walk.frames[index], grid.side_mm), left, top, grid.side_mm, grid.side_mm)
    size = max(6.5, min(12.0, grid.side_mm / 6.5))
    line = size * 0.42
    sheet.set_font("latin", size=size)
    sheet.set_xy(left, top + grid.side_mm + 1.5)
    mark = f" · keyframe {walk.stops.index(index) + 1}" if index in walk.stops else ""
    sheet.set_text_color(90)
    sheet.cell(grid.side_mm, line, f"{index + 1}{mark}")
    sheet.set_text_color(0)
    sheet.set_xy(left, top + grid.side_mm + 1.5 + line)
    found: Any = sheet.multi_cell(
        grid.side_mm, line, cut(caption_at(walk.captions, index), WORDS),
        align="L", dry_run=True, output="LINES",
    )  # fmt: skip
    rows: list[str] = found  # which is what it gives for LINES
    room = max(1, int((grid.text_mm - 1.5 - line) / line))
    words = " ".join(rows[:room]) + (" …" if len(rows) > room else "")
    sheet.multi_cell(grid.side_mm, line, words, align="L", max_line_height=line)


def _foot(sheet: FPDF, model_version: str) -> None:
    sheet.set_xy(MARGIN_MM, sheet.h - MARGIN_MM - 4)
    sheet.set_font("latin", size=8)
    sheet.set_text_color(90)
    named = f"Engrave {model_version}".strip()
    sheet.cell(
        sheet.epw, 4, f"Pictures and captions were made by the model {named}; none is a scan."
    )
