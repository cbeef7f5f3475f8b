"""Opens what was dropped on the page, or what lies at an address, as sources of pictures."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engrave.errors import PictureError, PromptError
from engrave.sources import Source, open_source
from engrave.sources.addresses import is_address
from engrave.sources.archive import Zip
from engrave.sources.names import TABLES, suffix_of
from engrave.ui.uploads import checked

MOST_FILES = 2_000  # dropped at once
BY_THEMSELVES = (".zip", ".json")  # sources of their own; all other files are one folder


@contextmanager
def sources(files: Sequence[str] | None, address: str) -> Iterator[tuple[list[Source], str]]:
    """Open what was dropped or what lies at an address; return it with what tells it apart."""
    if address and not is_address(address):
        raise PromptError(
            f"'{address[:80]}' is no address; give one that begins with https://, or drop files."
        )
    paths = [checked(path) for path in files or []]
    if not paths and not address:
        raise PictureError("There is nothing to import yet; drop pictures, a ZIP or a table.")
    if len(paths) > MOST_FILES:
        raise PictureError(
            f"These are {len(paths):,} files and at most {MOST_FILES:,} come at once; "
            "put them in a ZIP, or drop them in parts."
        )
    with tempfile.TemporaryDirectory(prefix="engrave-inbox-") as scratch:
        inbox = Path(scratch) / "files of the page"
        found = opened(paths, inbox)
        if address:
            found.append(open_source(address))
        yield found, f"the page {digest(paths)} {address}".strip()


def opened(paths: Sequence[Path], inbox: Path) -> list[Source]:
    """Open each ZIP and each IIIF manifest by itself, and all other files as one folder."""
    found = [open_source(path) for path in paths if path.suffix.lower() in BY_THEMSELVES]
    others = [path for path in paths if path.suffix.lower() not in BY_THEMSELVES]
    if others:
        inbox.mkdir()
        for path in others:
            put(path, inbox)
        found.append(open_source(inbox))
    return found


def put(path: Path, folder: Path) -> None:
    """Put a file in a folder under its name, or a like one where that is taken."""
    place, number = folder / path.name, 1
    while place.exists():
        number += 1
        place = folder / f"{path.stem}-{number}{path.suffix}"
    try:
        os.link(path, place)
    except OSError:  # another disk
        shutil.copyfile(path, place)


def digest(paths: Sequence[Path]) -> str:
    """Return what is the same whenever the same pictures are dropped, so that an import goes on.

    What is said of them may be corrected meanwhile, in tables and in manifests.
    """
    found = hashlib.sha256()
    for path in sorted(paths, key=lambda one: one.name):
        found.update(f"{path.name}\n".encode())
        if path.suffix.lower() == ".zip":
            marks = (
                f"{one.path} {one.mark()}\n" for one in Zip(path).members() if _shows(one.path)
            )
            found.update("".join(marks).encode())
        elif _shows(path.name):
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:16]


def _shows(name: str) -> bool:
    return suffix_of(name) not in {*TABLES, ".json"}
