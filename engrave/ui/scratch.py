"""Folders of this server in the temporary folder of the machine: they go when the server ends, and
what one that was killed left behind goes with the next."""

import atexit
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import FrameType

PUBLIC = "engrave-map-"  # before the number of a server, of a folder that browsers read
OLD_S = 24 * 3600.0

_held: set[Path] = set()
_owners: dict[str, str] = {}  # of public folders that one visitor alone reads


def public_folder() -> Path:
    """Make a folder for what browsers read."""
    sweep(Path(tempfile.gettempdir()))
    return hold(Path(tempfile.mkdtemp(prefix=f"{PUBLIC}{os.getpid()}-")))


def hold(folder: Path) -> Path:
    """Have a folder deleted when the server ends; return it."""
    if not _held:
        atexit.register(remove)
    _held.add(folder)
    return folder


def drop(folder: Path) -> None:
    """Delete a folder now."""
    _held.discard(folder)
    _owners.pop(os.path.realpath(folder), None)
    shutil.rmtree(folder, ignore_errors=True)


def remove() -> None:
    """Delete all folders of this server."""
    for folder in list(_held):
        drop(folder)


def give(folder: Path, owner: str) -> None:
    """Let only one visitor read a folder that lies in a public one."""
    _owners[os.path.realpath(folder)] = owner


def is_of_another(file: Path, owner: str) -> bool:
    """Tell whether a file, whose path has no detours, lies in a folder of another visitor."""
    return _owners.get(str(file.parent), owner) != owner


def sweep(folder: Path) -> None:
    """Delete old public folders whose server is gone."""
    for old in folder.glob(f"{PUBLIC}*"):
        number = old.name.removeprefix(PUBLIC).partition("-")[0]
        try:
            left = time.time() - old.lstat().st_mtime >= OLD_S and not old.is_symlink()
        except OSError:  # another server was faster
            continue
        if left and not (number.isdigit() and _is_running(int(number))):
            shutil.rmtree(old, ignore_errors=True)


def _is_running(number: int) -> bool:
    """Tell whether there is a process of that number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another's
        return True
    return True


def leave_nothing() -> None:
    """Have the folders deleted also where the server is told to end by a signal."""

    def end(number: int, _: FrameType | None) -> None:
        remove()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
