"""What the command `originals` takes. Imports nothing heavy, as --help must not wait."""

from __future__ import annotations

import argparse
from pathlib import Path

from engrave.originals.manners import MIRROR, PAUSE_S

HELP = "fetch the scans of the collection, so that the app shows them"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="take them from parquet files with scans, or from a copy of a mirror, on this disk",
    )
    parser.add_argument(
        "--mirror",
        metavar="URL",
        help=f"mirror of Project Gutenberg to ask (default: $ENGRAVE_MIRROR, else {MIRROR})",
    )
    add_pace(parser)
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--status", action="store_true", help="tell what is kept, and fetch nothing")
    other.add_argument("--remove", action="store_true", help="delete all that is kept")
    parser.add_argument("--json", action="store_true", help="print one object, each miss in it")


def add_pace(parser: argparse.ArgumentParser) -> None:
    """Say how fast a mirror is asked, and for how much."""
    parser.add_argument("--limit", type=_count, metavar="N", help="fetch N at most, then stop")
    parser.add_argument(
        "--pause",
        type=_seconds,
        default=PAUSE_S,
        metavar="S",
        help=f"seconds between two requests (usually {PAUSE_S:g})",
    )
    parser.add_argument(
        "--again", action="store_true", help="ask also for what was not there the last time"
    )


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds from 0 to 3600")
    return value
