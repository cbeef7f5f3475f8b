"""The commands `gutenberg` and `books`: the training set from its lists, and the lists from it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engrave.originals.manners import MIRROR
from engrave.originals.options import add_pace

HERE = Path(__file__).resolve().parents[1]
BOOKS, CAPTIONS = HERE / "books.csv", HERE / "captions.parquet"

Commands = argparse._SubParsersAction  # argparse has no public name for it


def add_rebuild(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add both commands."""
    form = argparse.ArgumentDefaultsHelpFormatter
    gutenberg = commands.add_parser(
        "gutenberg", help="build the training set anew from Project Gutenberg", formatter_class=form
    )
    _add_lists(gutenberg)
    gutenberg.add_argument("--out", type=Path, required=True, help="folder of the data set")
    where = gutenberg.add_mutually_exclusive_group()
    where.add_argument("--mirror", default=MIRROR, help="mirror of Project Gutenberg")
    where.add_argument("--from", dest="source", type=Path, help="copy of a mirror on this disk")
    add_pace(gutenberg)
    gutenberg.add_argument("--compare", type=Path, help="data set to hold the new one against")
    books = commands.add_parser(
        "books", help="write the lists of books and captions from scans", formatter_class=form
    )
    books.add_argument("--data", type=Path, required=True, help="folder of parquet files")
    _add_lists(books)


def gutenberg(given: argparse.Namespace) -> int:
    """Build the data set; return 1 where scans are missing."""
    from engrave.originals.mirror import Mirror
    from engrave.originals.sources import open_folder
    from train.rebuild.build import MISSING, compare, rebuild

    if given.source:
        source = open_folder(given.source)
    else:
        source = Mirror(given.mirror, pause_s=given.pause)
    tally = rebuild(
        given.books, given.captions, source, given.out,
        limit=given.limit, again=given.again, progress=_progress,
    )  # fmt: skip
    _progress(1.0, "")
    print(f"{tally.kept:,} of {tally.wanted:,} pictures are in {given.out}")
    if tally.missed:
        print(f"{len(tally.missed):,} are missing: {given.out / MISSING} says why", file=sys.stderr)
    if given.compare:
        for name, value in compare(given.out, given.compare).items():
            print(f"{name:>24} {value:.4g}")
    return 1 if tally.missed else 0


def books(given: argparse.Namespace) -> int:
    """Write both lists."""
    from train.rebuild.lists import write_lists

    num_books, num_captions = write_lists(given.data, given.books, given.captions)
    print(f"{num_books:,} books, {num_captions:,} captions")
    return 0


def _add_lists(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--books", type=Path, default=BOOKS, help="list of the books")
    parser.add_argument("--captions", type=Path, default=CAPTIONS, help="list of the captions")


def _progress(share: float, what: str) -> None:
    """Rewrite one line of a terminal; say nothing into a file."""
    if sys.stderr.isatty():
        line = f"{share:4.0%}  {what}" if what else ""
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
