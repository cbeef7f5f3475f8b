"""Runs one command: answers on standard output, remarks on standard error. Knows no widgets."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engrave.arguments import build_parser, sentence
from engrave.errors import CollectionError, EngraveError, PictureError, PromptError, RecipeError
from engrave.progress import part
from engrave.whole import whole_file

if TYPE_CHECKING:  # torch takes seconds, and --help must not wait for it
    from engrave.engine import Engine
    from engrave.recipe import Recipe
    from engrave.studio import Studio

PICTURE_SUFFIXES = set(".jpg .jpeg .png .webp .tif .tiff .gif .bmp .pgm .ppm .jp2 .avif".split(" "))
INTERRUPTED = 130  # what shells expect after Ctrl-C


Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None, **others: Command) -> int:
    """Run the command line; return 0, 1 for what could not be read or written, 2 for misuse.

    What this side may not import, such as the page, comes as commands by their names.
    """
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_names(stream)
    arguments = build_parser().parse_args(argv)
    # else each thread of a busy machine spins while it waits for the other: six times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        code = (COMMANDS | others)[arguments.command](arguments)
        sys.stdout.flush()
        return code
    except PromptError as error:
        return _fail(str(error), 2)
    except EngraveError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        # whoever read has left, and Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        return _fail("stopped", INTERRUPTED)


def _caption(arguments: argparse.Namespace) -> int:
    if arguments.project is not None or arguments.export:
        return _caption_project(arguments)
    engine = _load(arguments)
    unread: list[str] = []
    for path in arguments.files:
        with _noting(unread, path):
            answer = engine.caption(path, num=arguments.num)
            page = {
                "file": str(path),
                "captions": [asdict(candidate) for candidate in answer.candidates],
                "neighbours": [asdict(neighbour) for neighbour in answer.neighbours],
                "model_version": engine.model_version,
            }
            _answer(arguments, page, f"{path}: {answer.candidates[0].text}")
    return _report(unread)


def _caption_project(arguments: argparse.Namespace) -> int:
    from engrave.review.commands import caption_files, line_of_record, page_of

    unread: list[str] = []
    for step in caption_files(_load(arguments), arguments):
        if step.record is None:
            unread.append(f"{step.name}: {step.error}")
        elif step.new:
            _answer(arguments, page_of(step.record), line_of_record(step.record))
    return _report(unread)


def _review(arguments: argparse.Namespace) -> int:
    from engrave.review.commands import line_of_record, page_of, review_project

    for record in review_project(arguments, lambda: _load(arguments)):
        _answer(arguments, page_of(record), line_of_record(record))
    return 0


def _generate(arguments: argparse.Namespace) -> int:
    from engrave.image import png_with_metadata

    recipes = _recipes(arguments)
    engine = _load(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, recipe in enumerate(recipes):
        if recipe.model_version not in ("", engine.model_version) and not arguments.any_model:
            raise RecipeError(
                f"The recipe is of model {recipe.model_version} and this is "
                f"{engine.model_version}, so the picture would be another; add --any-model to make "
                "it all the same."
            )
        share = part(_progress, number / len(recipes), (number + 1) / len(recipes))
        plate = engine.follow(recipe, progress=share)
        name = f"{_slug(plate.text)}-{plate.seed}"
        if arguments.vary is not None:
            name += f"-variation-{number + 1}"
        path = arguments.out / f"{name}.png"
        with whole_file(path) as scratch:
            scratch.write_bytes(png_with_metadata(plate.image, plate.facts()))
        with whole_file(path.with_suffix(".json")) as scratch:
            scratch.write_text(plate.recipe.as_json() + "\n", encoding="utf-8")
        neighbours = [asdict(neighbour) for neighbour in plate.neighbours]
        page: dict[str, Any] = {"file": str(path), **plate.facts(), "neighbours": neighbours}
        page |= {"seed": plate.seed, "guidance": plate.guidance, "steps": plate.steps}
        page |= {"recipe": plate.recipe.page(), "verdict": asdict(plate.verdict)}
        _answer(arguments, page, f"{path}: {plate.caption}")
    return 0


def _recipes(arguments: argparse.Namespace) -> list[Recipe]:
    """Return what `generate` shall make: of a text with several seeds, or of a recipe."""
    from engrave.recipe import Recipe, Vary
    from engrave.recipe_file import from_file

    if (arguments.text is None) == (arguments.recipe is None):
        raise PromptError("Give either a text (or '' for a surprise) or --recipe FILE.")
    if arguments.recipe is None:
        start = Recipe(
            text=arguments.text, less=arguments.less, less_weight=arguments.less_weight,
            guidance=arguments.guidance, steps=arguments.steps, seed=arguments.seed,
            corner_mark=arguments.corner_mark,
        )  # fmt: skip
    else:
        start = from_file(arguments.recipe)
        if arguments.corner_mark:
            start = replace(start, corner_mark=True)
    if arguments.vary is not None:
        seeds = range(1, arguments.num + 1)
        return [start.then(Vary(strength=arguments.vary, seed=seed)) for seed in seeds]
    if arguments.recipe is not None:
        return [start]
    seeds = range(start.seed, start.seed + arguments.num)
    return [replace(start, seed=seed % 2**32) for seed in seeds]


def _morph(arguments: argparse.Namespace) -> int:
    from engrave.morph import morph

    page, lines = morph(arguments, lambda: _load(arguments), _progress, _remark)
    _answer(arguments, page, "\n".join(lines))
    return 0


def _search(arguments: argparse.Namespace) -> int:
    engine = _load(arguments)
    if not len(engine.collection):
        raise CollectionError("There is no collection to search; name its folder by --collection.")
    for found in engine.search(arguments.text, num=arguments.num):
        line = f"{found.similarity:.3f}  {found.id}  {found.caption} ({found.book}, {found.year})"
        _answer(arguments, asdict(found), line)
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
        _progress(index / len(paths), f"Reading {path.name}")
        with _noting(unread, path):
            latents[path.relative_to(arguments.folder).as_posix()] = engine.encode(path)
    if latents:
        rows = np.stack(list(latents.values()))
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_vectors(arguments.out, list(latents), rows, engine.embed(rows), engine.model_version)
        print(f"{arguments.out}: {len(latents)} pictures", flush=True)
    return _report(unread)


def _bench(arguments: argparse.Namespace) -> int:
    from engrave.bench import as_lines, measure

    if arguments.search:
        return _bench_search(arguments)
    rows = measure(arguments.model, arguments.collection, arguments.runs, _remark)
    for row in rows if arguments.json else ():
        _answer(arguments, asdict(row), "")
    if not arguments.json:
        print("\n".join(as_lines(rows)), flush=True)
    return 0


def _originals(arguments: argparse.Namespace) -> int:
    from engrave.originals.command import run

    def say(line: str) -> None:
        _clear_progress()
        print(line, flush=True)

    return run(arguments, say=say, remark=_remark, progress=_progress)


def _bench_search(arguments: argparse.Namespace) -> int:
    from engrave.shelf.benchmark import lines, measure_search

    rows = []
    for row in measure_search(_remark):
        rows.append(row)
        if arguments.json:
            _answer(arguments, asdict(row), "")
    if not arguments.json:
        print("\n".join(lines(rows)), flush=True)
    return 0


def _of_shelf(arguments: argparse.Namespace) -> int:
    from engrave.shelf.commands import COMMANDS, Desk

    def say(page: dict[str, Any], line: str) -> None:
        _answer(arguments, page, line)

    def remark(line: str) -> None:
        _clear_progress()
        _remark(line)

    def load() -> Studio:
        _progress(0.0, "Loading the model")
        from engrave.engine import Engine

        return Engine.alone(arguments.model).studio

    desk = Desk(answer=say, remark=remark, progress=_progress, load=load)
    return COMMANDS[arguments.command](arguments, desk)


COMMANDS: dict[str, Command] = {
    "caption": _caption,
    "review": _review,
    "generate": _generate,
    "morph": _morph,
    "search": _search,
    "embed": _embed,
    "bench": _bench,
    "originals": _originals,
    **dict.fromkeys(("import", "collections", "undo", "remove", "map"), _of_shelf),
}


def _load(arguments: argparse.Namespace) -> Engine:
    _progress(0.0, "Loading the model")
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


def _slug(text: str) -> str:
    """Return a file name that resembles a text."""
    return re.sub(r"\W+", "-", text.lower())[:40].strip("-") or "engraving"


@contextmanager
def _noting(unread: list[str], path: Path) -> Iterator[None]:
    """Put off what is wrong with one picture until the others are done."""
    try:
        yield
    except PictureError as error:
        unread.append(str(error) if str(path) in str(error) else f"{path}: {error}")


def _report(unread: list[str]) -> int:
    for message in unread:
        _fail(message, 1)
    return 1 if unread else 0


def _answer(arguments: argparse.Namespace, page: dict[str, Any], line: str) -> None:
    _clear_progress()
    shown = json.dumps(page, ensure_ascii=False) if arguments.json else line
    print(shown, flush=True)


def _fail(message: str, code: int) -> int:
    _clear_progress()
    _remark(f"engrave: {sentence(message)}")
    return code


def _remark(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _progress(share: float, what: str) -> None:
    """Rewrite one line of a terminal; say nothing into a file."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{share:4.0%}  {what[:60]}", end="", file=sys.stderr, flush=True)


def _clear_progress() -> None:
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _never_fail_on_names(stream: Any) -> None:
    """File names may hold bytes that no encoding knows; print them escaped."""
    stream.reconfigure(errors="backslashreplace")
