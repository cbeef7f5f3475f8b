"""Options of the commands for own collections. Knows no tables and no model."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

from engrave.errors import CollectionError
from engrave.shelf.names import checked_name

MOST_WORKERS = 1_000
Adder = Callable[[str, str], ArgumentParser]  # a command's name and its help


def add_commands(add: Adder) -> None:
    """Add import, collections, undo, remove and map."""
    _import(add("import", "read pictures into a collection of your own; run again to go on"))
    _collections(add("collections", "list your own collections"))
    undo = add("undo", "take the last import or edit of a collection back")
    _name(undo)
    undo.add_argument(
        "--to",
        type=_version,
        metavar="VERSION",
        help="go to this version (see collections --versions)",
    )
    _json(undo, "the version")
    remove = add("remove", "delete a collection with all its versions")
    _name(remove)
    remove.add_argument("--yes", action="store_true", help="do it; without this nothing is deleted")
    drawn = add("map", "draw the map of a collection anew")
    _name(drawn)
    _json(drawn, "the version")


def _import(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, a ZIP, a CSV or metadata.jsonl, a data set, or a IIIF manifest",
    )
    parser.add_argument("--name", type=name, help="of the collection (default: the source's)")
    parser.add_argument(
        "--captions", action="store_true", help="describe what has no caption; takes much longer"
    )
    parser.add_argument(
        "--simple-map", action="store_true", help="leave the true map for `map`, save a minute"
    )
    parser.add_argument(
        "--engine",
        choices=("plain", "ray"),
        default="plain",
        help="ray: read by several processes, or by the cluster that $RAY_ADDRESS names",
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help="of --engine ray, each with a model of its own (default: one a core)",
    )
    _json(parser, "what was done")


def _collections(parser: ArgumentParser) -> None:
    parser.add_argument("--versions", type=name, metavar="NAME", help="list the versions of one")
    _json(parser, "each collection, or each version")


def name(text: str) -> str:
    """Return a collection's name from the command line."""
    try:
        return checked_name(text)
    except CollectionError as error:
        raise ArgumentTypeError(str(error)) from error


def _version(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is no number of a version") from error


def _workers(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_WORKERS:
        return int(text)
    raise ArgumentTypeError(f"'{text[:20]}' is no number of workers from 1 to {MOST_WORKERS:,}")


def _name(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the collection")


def _json(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print {what}, one object a line")
