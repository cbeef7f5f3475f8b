"""Runs one command: answers on standard output, remarks on standard error. Knows no widgets."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engrave.arguments import build_parser
from engrave.errors import CollectionError, EngraveError, PictureError, PromptError
from engrave.terminal import (
    answer,
    clear_progress,
    fail,
    never_fail_on_names,
    noting,
    progress,
    remark,
    report,
)

if TYPE_CHECKING:  # torch takes seconds, and --help must not wait for it
    from engrave.engine import Engine
    from engrave.studio import Studio

PICTURE_SUFFIXES = set(".jpg .jpeg .png .webp .tif .tiff .gif .bmp .pgm .ppm .jp2 .avif".split(" "))
INTERRUPTED = 130  # what shells expect after Ctrl-C


Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None, **others: Command) -> int:
    """Run the command line; return 0, 1 for what could not be read or written, 2 for misuse.

    What this side may not import, such as the page, comes as commands by their names.
    """
    for stream in (sys.stdout, sys.stderr):
        never_fail_on_names(stream)
    arguments = build_parser().parse_args(argv)
    # else each thread of a busy machine spins while it waits for the other: six times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        code = (COMMANDS | others)[arguments.command](arguments)
        sys.stdout.flush()
        return code
    except PromptError as error:
        return fail(str(error), 2)
    except EngraveError as error:
        return fail(str(error), 1)
    except BrokenPipeError:
        # whoever read has left, and Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return fail(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        return fail("stopped", INTERRUPTED)


def _caption(arguments: argparse.Namespace) -> int:
    if arguments.project is not None or arguments.export:
        return _caption_project(arguments)
    engine = _load(arguments)
    unread: list[str] = []
    for path in arguments.files:
        with noting(unread, path):
            found = engine.caption(path, num=arguments.num)
            page = {
                "file": str(path),
                "captions": [asdict(candidate) for candidate in found.candidates],
                "neighbours": [asdict(neighbour) for neighbour in found.neighbours],
                "model_version": engine.model_version,
            }
            answer(arguments, page, f"{path}: {found.candidates[0].text}")
    return report(unread)


def _caption_project(arguments: argparse.Namespace) -> int:
    from engrave.review.commands import caption_files, line_of_record, page_of

    unread: list[str] = []
    for step in caption_files(_load(arguments), arguments):
        if step.record is None:
            unread.append(f"{step.name}: {step.error}")
        elif step.new:
            answer(arguments, page_of(step.record), line_of_record(step.record))
    return report(unread)


def _review(arguments: argparse.Namespace) -> int:
    from engrave.review.commands import line_of_record, page_of, review_project

    for record in review_project(arguments, lambda: _load(arguments), remark):
        answer(arguments, page_of(record), line_of_record(record))
    return 0


def _make(arguments: argparse.Namespace) -> int:
    from engrave.make import COMMANDS

    for page, line in COMMANDS[arguments.command](arguments, lambda: _load(arguments), progress):
        answer(arguments, page, line)
    return 0


def _morph(arguments: argparse.Namespace) -> int:
    from engrave.morph import morph

    page, lines = morph(arguments, lambda: _load(arguments), progress, remark)
    answer(arguments, page, "\n".join(lines))
    return 0


def _search(arguments: argparse.Namespace) -> int:
    engine = _load(arguments)
    if not len(engine.collection):
        raise CollectionError("There is no collection to search; name its folder by --collection.")
    for found in engine.search(arguments.text, num=arguments.num):
        line = f"{found.similarity:.3f}  {found.id}  {found.caption} ({found.book}, {found.year})"
        answer(arguments, asdict(found), line)
    return 0


def _embed(arguments: argparse.Namespace) -> int:
    import numpy as np

    from engrave.vectors import write_vectors

    paths = _pictures(arguments.folder)
    if not paths:
        raise PictureError(f"{arguments.folder} holds no pictures; name a folder that does.")
    engine = _load(arguments)
    unread: list[str] = []
    latents: dict[str, Any] = {}
    for index, path in enumerate(paths):
        progress(index / len(paths), f"Reading {path.name}")
        with noting(unread, path):
            latents[path.relative_to(arguments.folder).as_posix()] = engine.encode(path)
    if latents:
        rows = np.stack(list(latents.values()))
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_vectors(arguments.out, list(latents), rows, engine.embed(rows), engine.model_version)
        print(f"{arguments.out}: {len(latents)} pictures", flush=True)
    return report(unread)


def _bench(arguments: argparse.Namespace) -> int:
    from engrave.bench import as_lines, measure

    if arguments.search:
        return _bench_search(arguments)
    rows = measure(arguments.model, arguments.collection, arguments.runs, remark)
    for row in rows if arguments.json else ():
        answer(arguments, asdict(row), "")
    if not arguments.json:
        print("\n".join(as_lines(rows)), flush=True)
    return 0


def _originals(arguments: argparse.Namespace) -> int:
    from engrave.originals.command import run

    def say(line: str) -> None:
        clear_progress()
        print(line, flush=True)

    return run(arguments, say=say, remark=remark, progress=progress)


def _bench_search(arguments: argparse.Namespace) -> int:
    from engrave.shelf.benchmark import lines, measure_search

    rows = []
    for row in measure_search(remark):
        rows.append(row)
        if arguments.json:
            answer(arguments, asdict(row), "")
    if not arguments.json:
        print("\n".join(lines(rows)), flush=True)
    return 0


def _of_shelf(arguments: argparse.Namespace) -> int:
    from engrave.shelf.commands import COMMANDS, Desk

    def say(page: dict[str, Any], line: str) -> None:
        answer(arguments, page, line)

    def remark_below(line: str) -> None:
        clear_progress()
        remark(line)

    def load() -> Studio:
        progress(0.0, "Loading the model")
        from engrave.engine import Engine

        return Engine.alone(arguments.model).studio

    desk = Desk(answer=say, remark=remark_below, progress=progress, load=load)
    return COMMANDS[arguments.command](arguments, desk)


COMMANDS: dict[str, Command] = {
    "caption": _caption,
    "review": _review,
    **dict.fromkeys(("generate", "sheet", "mix", "pad"), _make),
    "morph": _morph,
    "search": _search,
    "embed": _embed,
    "bench": _bench,
    "originals": _originals,
    **dict.fromkeys(("import", "collections", "undo", "remove", "map"), _of_shelf),
}


def _load(arguments: argparse.Namespace) -> Engine:
    progress(0.0, "Loading the model")
    from engrave.engine import Engine

    engine = Engine.load(arguments.model, arguments.collection)
    engine.wake()  # a damaged model is told once, not for each picture
    return engine


def _pictures(folder: Path) -> list[Path]:
    """Return files with a picture's suffix, in order, hidden ones left out."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    shown = (path for path in found if not _is_hidden(path.relative_to(folder)))
    return sorted(path for path in shown if not path.is_dir())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
