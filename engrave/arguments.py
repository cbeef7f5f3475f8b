"""What the command line accepts: commands, options and their help. Knows no model."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from engrave import limits
from engrave.errors import PromptError
from engrave.make_options import MAKERS, Checks
from engrave.originals.options import HELP as ORIGINALS
from engrave.originals.options import add_options
from engrave.review_options import add_project_options, add_review_options
from engrave.shelf.options import add_commands
from engrave.terminal import sentence
from engrave.walk_options import add_walk_options

VERSION = "0.1.0"
T = TypeVar("T")
EPILOG = (
    "Answers go to standard output, remarks to standard error. The exit code is 0 where all went "
    "well, 1 where a file could not be read or written, 2 where an argument is wrong."
)


class Parser(argparse.ArgumentParser):
    """Refuses wrong arguments with one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Print one sentence and exit with 2."""
        message = re.sub(r"^argument \S+: (?=[A-Z'])", "", message)  # our sentences name it
        self.exit(2, f"engrave: {sentence(message)}\n")


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="engrave",
        description="captions, makes, blends and finds historic engravings with one small model",
        epilog=EPILOG,
        allow_abbrev=False,
        parents=[_folders(None)],
    )
    parser.add_argument("--version", action="version", version=f"engrave {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_caption(commands)
    _add_review(commands)
    _add_makers(commands)
    _add_morph(commands)
    _add_search(commands)
    _add_embed(commands)
    _add_bench(commands)
    _add_serve(commands)
    add_options(_add(commands, "originals", ORIGINALS))
    add_commands(lambda name, help: _add(commands, name, help))
    return parser


Commands = argparse._SubParsersAction  # argparse has no public name for it


def _add(commands: Commands[Parser], name: str, help: str) -> Parser:
    # SUPPRESS, so that `engrave --model X caption` is not undone by the command's own default
    parents = [_folders(argparse.SUPPRESS)]
    return commands.add_parser(
        name, help=help, description=help, parents=parents, allow_abbrev=False
    )


def _folders(default: str | None) -> Parser:
    folders = Parser(add_help=False)
    for name in ("model", "collection"):
        folders.add_argument(
            f"--{name}",
            type=Path,
            metavar="DIR",
            default=default,
            help=f"folder of the {name} (default: $ENGRAVE_{name.upper()}, else assets/{name})",
        )
    return folders


def _add_caption(commands: Commands[Parser]) -> None:
    parser = _add(commands, "caption", "describe pictures")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a picture")
    parser.add_argument(
        "-n",
        "--num",
        type=_whole(limits.CANDIDATES),
        default=3,
        help="captions of each picture with --json (default: 3)",
    )
    add_project_options(parser)
    _add_json(parser, "captions, probabilities and nearest engravings of each picture")


def _add_review(commands: Commands[Parser]) -> None:
    parser = _add(commands, "review", "accept, reject, edit and export captions of a project")
    add_review_options(parser)
    _add_json(parser, "all that is known of each")


def _add_makers(commands: Commands[Parser]) -> None:
    checks = Checks(_whole, _number, _text(limits.clean_text))
    for name, (help, add, json) in MAKERS.items():
        parser = _add(commands, name, help)
        add(parser, checks)
        _add_json(parser, json)


def _add_morph(commands: Commands[Parser]) -> None:
    parser = _add(commands, "morph", "walk from one engraving to others, and film it")
    add_walk_options(parser, _whole, _number)
    _add_json(parser, "the files, captions by frame, nearest engravings and jumps")


def _add_search(commands: Commands[Parser]) -> None:
    parser = _add(commands, "search", "find engravings of the collection by a text")
    parser.add_argument("text", type=_text(limits.needed_text), metavar="TEXT", help="what to find")
    parser.add_argument(
        "-n",
        "--num",
        type=_whole(limits.RESULTS),
        default=10,
        help="how many, 1 to 200 (default: 10)",
    )
    _add_json(parser, "all that is known of each")


def _add_embed(commands: Commands[Parser]) -> None:
    parser = _add(commands, "embed", "write latents and embeddings of a folder's pictures")
    parser.add_argument(
        "folder", type=_folder, metavar="DIR", help="folder, searched to the bottom"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("vectors.parquet"),
        metavar="FILE",
        help="Parquet file to write (default: vectors.parquet)",
    )


def _add_bench(commands: Commands[Parser]) -> None:
    parser = _add(commands, "bench", "measure times and memory on this machine")
    parser.add_argument(
        "--runs",
        type=_whole(limits.RUNS),
        default=3,
        help="how often each thing is timed, 1 to 50 (default: 3)",
    )
    parser.add_argument(
        "--search",
        action="store_true",
        help="measure search among 10,000 to 1,000,000 vectors instead (takes 3 GB of disk)",
    )
    _add_json(parser, "the table")


def _add_serve(commands: Commands[Parser]) -> None:
    parser = _add(commands, "serve", "serve the page until Ctrl-C")
    parser.add_argument(
        "--host",
        dest="server_name",
        metavar="NAME",
        help="address to listen on (default: $GRADIO_SERVER_NAME, else 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        dest="server_port",
        type=_whole(limits.PORT),
        help="port to listen on (default: $GRADIO_SERVER_PORT, else the first free from 7860)",
    )
    parser.add_argument(
        "--root-path",
        metavar="PATH",
        help="path under which a reverse proxy shows the page (default: $GRADIO_ROOT_PATH)",
    )


def _add_json(parser: Parser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"print {what}, one object a line")


def _whole(bounds: limits.Range) -> Callable[[str], int]:
    return lambda text: _checked(bounds.whole, _as_number(text))


def _number(bounds: limits.Range) -> Callable[[str], float]:
    return lambda text: _checked(bounds.number, _as_number(text))


def _text(check: Callable[[object], str]) -> Callable[[str], str]:
    return lambda text: _checked(check, text)


def _as_number(text: str) -> float | int | str:
    """Return a number where the text is one; the limits name what is not."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _checked(check: Callable[[object], T], value: object) -> T:
    try:
        return check(value)
    except PromptError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"'{text}' is not a folder; name one that holds pictures")
    return path
