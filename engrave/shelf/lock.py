"""Lets one process at a time write to a collection. Knows no tables."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engrave.errors import CollectionError

FILE = "lock"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the collection until the block ends; raises CollectionError where another holds it.

    The system lets go of it when a process dies, however it dies.
    """
    with (folder / FILE).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise CollectionError(
                f"Another process ({file.read().strip() or 'unknown'}) is writing to the "
                f"collection '{folder.name}'; wait until it is done, or stop it."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
