"""Keeps originals on this disk: one SQLite file, each picture with its check sum and where it came
from. Knows no mirror."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from engrave.collection.insight import home
from engrave.errors import OriginalsError, PictureError
from engrave.image import open_picture, pad_square

FOLDER = "originals"
FILE = "originals.sqlite"
LONGEST_PX = 640  # longer side of a kept picture
QUALITY = 86  # of its WebP
THUMB_PX = 96
THUMB_QUALITY = 80
TABLE = """
create table if not exists originals (
    id text primary key, hash blob not null, state text not null, why text not null,
    address text not null, distance integer, width integer, height integer,
    sha256 blob, picture blob, thumb blob, thumb_sha256 blob
)"""
KEPT, MISSED, UNSURE = "kept", "missed", "unsure"  # unsure: worth another try


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one scan."""

    state: str
    why: str  # it was missed
    address: str  # where it was had, or looked for
    hash: bytes  # of the engraving that it was kept for


def default_folder() -> Path:
    """Return where originals are kept: $ENGRAVE_HOME/originals, else in the user's cache."""
    return home() / FOLDER


class Store:
    """The kept originals; readers and one writer may use it at once."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        longest_px: int = LONGEST_PX,
        quality: int = QUALITY,
    ) -> None:
        self.folder = folder or default_folder()
        self.longest_px, self.quality = longest_px, quality
        self.path = self.folder / FILE

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store, so that no other command writes to it; raises OriginalsError."""
        with _told(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise OriginalsError(
                    f"Another command is fetching originals into {self.folder}; "
                    "wait for it, or stop it."
                ) from error
            with self._open() as base:
                base.execute("pragma journal_mode=wal")
                base.execute(TABLE)
            yield

    def states(self) -> dict[str, State]:
        """Return what is known of each scan, by id; empty where nothing was fetched yet."""
        if not self.path.is_file():
            return {}
        with self._open() as base:
            rows = base.execute("select id, state, why, address, hash from originals").fetchall()
        return {id: State(*rest) for id, *rest in rows}

    def keep(self, id: str, hash: bytes, picture: Image.Image, address: str, distance: int) -> None:
        """Write a grey picture, scaled down to what is kept; it is there whole or not at all."""
        kept = picture.convert("L")
        kept.thumbnail((self.longest_px, self.longest_px), Image.Resampling.LANCZOS)
        data = _webp(kept, self.quality)
        thumb = _webp(pad_square(kept, THUMB_PX), THUMB_QUALITY)
        sums = [hashlib.sha256(one).digest() for one in (data, thumb)]
        row = (id, hash, KEPT, "", address, distance, *kept.size, sums[0], data, thumb, sums[1])
        self._write(row)

    def miss(self, id: str, hash: bytes, why: str, address: str, *, final: bool) -> None:
        """Note why a scan was not had; a picture that was kept before is left alone."""
        self._write((id, hash, MISSED if final else UNSURE, why, address, *[None] * 7))

    def picture(self, id: str) -> Image.Image | None:
        """Return a kept picture; None where there is none or its bytes have changed."""
        return _opened(self._sound("picture", id))

    def thumbnail(self, id: str) -> Image.Image | None:
        """Return a kept thumbnail, as `picture` does."""
        return _opened(self._sound("thumb", id))

    def encoded(self, id: str) -> bytes | None:
        """Return the file of a kept picture, as `picture` does."""
        return self._sound("picture", id)

    def size(self) -> int:
        """Return how many bytes the store takes on the disk."""
        files = self.folder.rglob("*") if self.folder.is_dir() else ()
        return sum(path.stat().st_size for path in files if path.is_file())

    def remove(self) -> int:
        """Delete all that is kept; return how many bytes that frees."""
        if not self.folder.is_dir():
            return 0
        with self.writing():
            freed = self.size()
            with _told(self.path):
                shutil.rmtree(self.folder)
        return freed

    def sums(self) -> Mapping[str, bytes]:
        """Return the check sum of each kept thumbnail by id, in no order."""
        if not self.path.is_file():
            return {}
        with self._open() as base:
            found = base.execute("select id, thumb_sha256 from originals where state = 'kept'")
            return dict(found.fetchall())

    def _sound(self, name: str, id: str) -> bytes | None:
        """Return the bytes of a picture or thumbnail, if they are those that were kept."""
        sums = {"picture": "sha256", "thumb": "thumb_sha256"}
        query = f"select {name}, {sums[name]} from originals where id = ? and state = 'kept'"
        try:
            if not self.path.is_file():
                return None
            with self._open() as base:
                data, wanted = base.execute(query, (id,)).fetchone() or (b"", b"")
            return data if hashlib.sha256(data).digest() == wanted else None
        except (OriginalsError, TypeError, OSError):
            return None  # damaged: whoever asks does without

    def _write(self, row: tuple[object, ...]) -> None:
        marks = ", ".join("?" * len(row))
        with self._open() as base:
            if row[2] != KEPT:
                known = base.execute("select state, hash from originals where id = ?", row[:1])
                if known.fetchone() == (KEPT, row[1]):
                    return
            base.execute(f"insert or replace into originals values ({marks})", row)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection of this thread's own; what was written is kept if nothing failed."""
        with _told(self.path):
            base = sqlite3.connect(self.path, timeout=30)
            try:
                with base:
                    yield base
            finally:
                base.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with the file or the disk."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise OriginalsError(
            f"{path} cannot be used ({error}); free some space and make its folder writable, or, "
            "where it is damaged, delete the folder and fetch the originals again."
        ) from error
    except OSError as error:
        raise OriginalsError(
            f"{error.filename or path} cannot be used ({error.strerror}); make it writable, "
            "or let $ENGRAVE_HOME name another folder."
        ) from error


def _opened(data: bytes | None) -> Image.Image | None:
    try:
        return open_picture(data) if data else None
    except PictureError:
        return None


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()
