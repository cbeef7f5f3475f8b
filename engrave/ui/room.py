"""How much of a disk a visitor may fill, how long files are kept, and what is swept away."""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from engrave.access import alone, read_only
from engrave.errors import AccessError, ConfigError

GUEST = "guest"  # the folder that programs without cookies share
SETTING = "ENGRAVE_VISITOR_MB"
MB = 1_000_000
USUAL_MB = 2_000  # where others are served; on one's own machine there is no bound
PROGRAMS_SHARE = 0.8  # of that, above which the oldest of their files go
KNOWN_S = 5.0  # how long a size that was measured is believed
FRESH_S = 600.0  # a file that somebody may still be fetching
HALF_S = 3600.0  # without a change, until half an upload is taken for left behind
SMALLEST = 4_096  # what a file takes on a disk, be it empty
HALF = "engrave-upload-"  # how an upload under way is called here, before the server's number

_measured: dict[Path, tuple[float, int]] = {}
_tidied: dict[Path, float] = {}
_lock = Lock()


def kept_s() -> tuple[int, int]:
    """Return how often old files are looked for and how old they may get, in seconds."""
    return (600, 3600) if read_only() else (3600, 86400)


def bound() -> int | None:
    """Return how many bytes one visitor may have here; raises ConfigError for what is no number."""
    said = os.environ.get(SETTING, "").strip()
    if not said:
        return USUAL_MB * MB if alone() else None
    if not said.isascii() or not said.isdigit() or len(said) > 12:
        raise ConfigError(
            f"{SETTING} is {said[:20]!r}; set it to a whole number of megabytes, 0 for no bound."
        )
    return int(said) * MB or None


def left(own: Path, *, programs: bool = False) -> float:
    """Return how many bytes more a visitor may have; of programs, who share one folder, the oldest
    files go before it is full."""
    most = bound()
    if most is None:
        return math.inf
    if programs and measured(own) > PROGRAMS_SHARE * most:
        drop_oldest(own, PROGRAMS_SHARE * most)
    return most - measured(own)


def filled() -> AccessError:
    """Return what a visitor is told who has no room left."""
    hours, most = kept_s()[1] // 3600, (bound() or 0) // MB
    return AccessError(
        f"Your files on this server have come to the {most:,} MB that a visitor may have; each is "
        f"deleted {hours} h after it came. Until then, run Engrave on a machine of your own."
    )


def measured(own: Path) -> int:
    """Return the bytes of a visitor's files, as they were a moment ago."""
    now = time.monotonic()
    with _lock:
        when, size = _measured.get(own, (-KNOWN_S, 0))
        if now - when < KNOWN_S:
            return size
    return _remember(own, sum(size for _, size, _ in _files(own)))


def drop_oldest(own: Path, most: float) -> None:
    """Delete the oldest files that nobody should be fetching any more, until so much is left."""
    found = sorted(_files(own))
    size = sum(bytes_ for _, bytes_, _ in found)
    for when, bytes_, path in found:
        if size <= most or time.time() - when < FRESH_S:
            break
        path.unlink(missing_ok=True)
        size -= bytes_
    _remember(own, size)


def tidy(root: Path) -> None:
    """Delete files of visitors that are too old, also those of a server that was killed."""
    often_s, kept = kept_s()
    with _lock:
        if time.monotonic() - _tidied.get(root, -float(often_s)) < often_s:
            return
        _tidied[root] = time.monotonic()
    now = time.time()
    for when, _, path in list(_files(root / "visitors")):
        if now - when > kept:
            path.unlink(missing_ok=True)
    for folder, _, _ in os.walk(root / "visitors", topdown=False):
        _remove_empty(Path(folder), now - FRESH_S)
    sweep_halves(root)


def half_of_ours() -> str:
    """Return how the name of an upload that is under way at this server begins; other servers and
    programs may keep theirs in the same folder."""
    return f"{HALF}{os.getpid()}-"


def halves(root: Path) -> set[Path]:
    """Return the uploads at this server that are under way, or did not come to their end."""
    return set(root.glob(f"{half_of_ours()}*"))


def sweep_halves(root: Path, before: set[Path] | None = None) -> None:
    """Delete halves of uploads that no server wrote to for long, and all of this one's that were
    not there before, where that is told."""
    broken = set() if before is None else halves(root) - before
    for half in root.glob(f"{HALF}*"):
        try:
            if half in broken or time.time() - half.stat().st_mtime > HALF_S:
                half.unlink(missing_ok=True)
        except OSError:  # another server was faster
            continue


def forget(own: Path) -> None:
    """Measure a visitor's files anew when next asked."""
    with _lock:
        _measured.pop(own, None)


def _remember(own: Path, size: int) -> int:
    with _lock:
        _measured[own] = time.monotonic(), size
    return size


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield when a file came, the bytes that it takes, and its path."""
    for path in folder.rglob("*"):
        try:
            known = path.lstat()
        except OSError:  # it has just been deleted
            continue
        if not path.is_dir():
            yield known.st_ctime, max(known.st_size, SMALLEST), path


def _remove_empty(folder: Path, before: float) -> None:
    try:
        if folder.stat().st_mtime < before:
            folder.rmdir()
    except OSError:  # it is not empty
        return
