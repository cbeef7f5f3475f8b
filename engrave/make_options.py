"""What the commands that make pictures accept: generate, sheet, mix and pad. Knows no model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engrave import limits
from engrave.recipe import MIXED, STEP

SHEETS = (".png", ".pdf")
SOURCE = (
    "a recipe (JSON), a PNG that was made here, another picture file, 'text:...', or the id of an "
    "engraving"
)


class Checks(NamedTuple):
    """How arguments are read."""

    whole: Callable[[limits.Range], Callable[[str], int]]
    number: Callable[[limits.Range], Callable[[str], float]]
    text: Callable[[str], str]


Add = Callable[[argparse.ArgumentParser, Checks], None]


def _add_generate(parser: argparse.ArgumentParser, checks: Checks) -> None:
    parser.add_argument(
        "text", nargs="?", type=checks.text, metavar="TEXT",
        help="what to show, '' for a surprise",
    )  # fmt: skip
    parser.add_argument(
        "-n", "--num", type=checks.whole(limits.PLATES), default=4,
        help="how many engravings, 1 to 8 (default: 4)",
    )  # fmt: skip
    _add_settings(parser, checks, "seed of the first; the next have the next seeds (default: 0)")
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="recipe (JSON or our PNG) to make again"
    )
    parser.add_argument(
        "--vary", type=checks.number(limits.STRENGTH), metavar="STRENGTH",
        help="make variations; 0 leaves the very same picture, 1 leaves nothing of it",
    )  # fmt: skip
    _add_folder(parser)


def _add_sheet(parser: argparse.ArgumentParser, checks: Checks) -> None:
    parser.add_argument(
        "texts", nargs="*", type=checks.text, metavar="TEXT", help="what a row shall show"
    )
    parser.add_argument(
        "--texts", dest="file", type=Path, metavar="FILE", help="file of texts, one a line"
    )
    parser.add_argument(
        "--seeds", type=checks.whole(limits.SHEET_SEEDS), default=4,
        help="how many columns, 1 to 8 (default: 4)",
    )  # fmt: skip
    _add_settings(parser, checks, "seed of the first column (default: 0)")
    parser.add_argument(
        "--out", type=_sheet, action="append", metavar="FILE",
        help=".png or .pdf; may be given several times (default: sheet.png)",
    )  # fmt: skip


def _add_mix(parser: argparse.ArgumentParser, checks: Checks) -> None:
    parser.add_argument("layout", metavar="LAYOUT", help=f"whose layout to keep: {SOURCE}")
    parser.add_argument("meaning", metavar="MEANING", help="whose meaning to take, likewise")
    parser.add_argument(
        "--strength", type=checks.number(limits.STRENGTH), default=MIXED,
        help=f"how much of the layout is drawn anew, 0 to 1 (default: {MIXED})",
    )  # fmt: skip
    _add_source_settings(parser, checks)


def _add_pad(parser: argparse.ArgumentParser, checks: Checks) -> None:
    parser.add_argument("source", metavar="SOURCE", help=f"what stands in the middle: {SOURCE}")
    parser.add_argument("--across", default="", help="direction from left to right, by its name")
    parser.add_argument("--up", default="", help="direction from the bottom to the top")
    parser.add_argument(
        "--step", type=checks.number(limits.SHIFT), default=STEP,
        help=f"width of a step in standard deviations of the collection (default: {STEP:g})",
    )  # fmt: skip
    _add_source_settings(parser, checks)


def _add_source_settings(parser: argparse.ArgumentParser, checks: Checks) -> None:
    _add_settings(parser, checks, "seed of a text that is given as 'text:...' (default: 0)")
    _add_folder(parser)


def _add_settings(parser: argparse.ArgumentParser, checks: Checks, seed: str) -> None:
    parser.add_argument("--seed", type=checks.whole(limits.SEED), default=0, help=seed)
    parser.add_argument(
        "--guidance", type=checks.number(limits.GUIDANCE), default=2.0,
        help="how closely to follow the text, 0 to 10 (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--steps", type=checks.whole(limits.STEPS), default=20,
        help="steps from noise to picture, 1 to 60 (default: 20)",
    )  # fmt: skip
    parser.add_argument("--less", type=checks.text, default="", help="what there shall be less of")
    parser.add_argument(
        "--less-weight", type=checks.number(limits.LESS), default=1.0,
        help="how much less (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--corner-mark", action="store_true", help="say in a corner that a model made it"
    )


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--any-model", action="store_true", help="follow a recipe of another model too"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR",
        help="folder for the PNGs and their recipes (default: .)",
    )  # fmt: skip


def _sheet(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in SHEETS:
        raise argparse.ArgumentTypeError(f"'{text}' must end in {' or '.join(SHEETS)}")
    return path


# by name: help, what adds the options, and what --json prints
MAKERS: dict[str, tuple[str, Add, str]] = {
    "generate": (
        "make engravings from a text, or again from a recipe",
        _add_generate,
        "file, seed, caption and nearest engravings of each",
    ),
    "sheet": (
        "make a sheet: a row for each text, a column for each seed",
        _add_sheet,
        "the files, texts and seeds",
    ),
    "mix": (
        "keep one picture's layout and take another's meaning",
        _add_mix,
        "file, recipe, caption and nearest engravings",
    ),
    "pad": (
        "make what lies round a picture along two directions of the collection",
        _add_pad,
        "file, recipe, caption and nearest engravings of each of the nine",
    ),
}
