"""Writes files and folders whole or not at all: whoever is killed meanwhile leaves the old ones."""

from __future__ import annotations

import ctypes
import glob
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AT_FDCWD = -100 if sys.platform == "linux" else -2
EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
UNIQUE = "????????"
STALE_S = 3600.0  # what a killed writer left behind


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; the file takes its place when the block ends well."""
    stem = f".{path.stem[:80]}-"
    _sweep(path.parent, f"{glob.escape(stem)}{UNIQUE}{glob.escape(path.suffix)}")
    scratch = path.with_name(f"{stem}{secrets.token_hex(4)}{path.suffix}")
    try:
        yield scratch
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write to; it takes the place of `folder` when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent, f"{glob.escape(f'.{folder.name}-')}{UNIQUE}")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        yield fresh
        if not folder.exists():
            os.replace(fresh, folder)
        elif not _exchanged(fresh, folder):  # there, the folder is away for an instant
            os.replace(folder, Path(scratch) / "old")
            os.replace(fresh, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders take each other's place at once; False where the system cannot do that."""
    try:
        libc = ctypes.CDLL(None)
        swap = libc.renameat2 if sys.platform == "linux" else libc.renameatx_np
        names = os.fsencode(one), os.fsencode(other)
        return bool(swap(AT_FDCWD, names[0], AT_FDCWD, names[1], ctypes.c_uint(EXCHANGE)) == 0)
    except (AttributeError, OSError, TypeError):
        return False


def _sweep(folder: Path, pattern: str) -> None:
    """Remove what writers of the same name left that were killed."""
    for left in folder.glob(pattern):
        try:
            if time.time() - left.stat().st_mtime <= STALE_S:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        except OSError:
            continue  # another writer has just removed it
