"""Speaks to a terminal: answers on standard output, remarks and progress on standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engrave.errors import PictureError


def sentence(message: str) -> str:
    """Return the message on one line, with a full stop."""
    line = " ".join(message.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def answer(arguments: argparse.Namespace, page: dict[str, Any], line: str) -> None:
    """Print an answer: as an object with --json, else as a line."""
    clear_progress()
    shown = json.dumps(page, ensure_ascii=False) if arguments.json else line
    print(shown, flush=True)


def fail(message: str, code: int) -> int:
    """Print what went wrong; return the exit code."""
    clear_progress()
    remark(f"engrave: {sentence(message)}")
    return code


def remark(message: str) -> None:
    """Print what is no answer."""
    print(message, file=sys.stderr, flush=True)


def progress(share: float, what: str) -> None:
    """Rewrite one line of a terminal; say nothing into a file."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{share:4.0%}  {what[:60]}", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    """Take that line away."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def never_fail_on_names(stream: Any) -> None:
    """File names may hold bytes that no encoding knows; print them escaped."""
    stream.reconfigure(errors="backslashreplace")


@contextmanager
def noting(unread: list[str], path: Path) -> Iterator[None]:
    """Put off what is wrong with one picture until the others are done."""
    try:
        yield
    except PictureError as error:
        unread.append(str(error) if str(path) in str(error) else f"{path}: {error}")


def report(unread: list[str]) -> int:
    """Print what was put off; return the exit code."""
    for message in unread:
        fail(message, 1)
    return 1 if unread else 0
