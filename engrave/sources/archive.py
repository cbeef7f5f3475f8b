"""Lists the files of a ZIP. Unpacks nothing to disk, and not more than the archive may hold."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from engrave.errors import SourceError
from engrave.sources.names import is_litter
from engrave.sources.tree import Member
from engrave.sources.words import printable, shown

MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 64_000_000  # of the list at its end
MAX_GROWTH = 100  # pictures are packed already: what swells more is a bomb
ALWAYS_FINE_BYTES = 1_000_000_000
MARK = b"PK\x01\x02"  # before each member in the list
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound
ENCRYPTED = 0x1
PIECE_BYTES = 65_536  # unpacked at a time
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
DAMAGED = "it is damaged in the archive"
TWICE = "has the name of another file in the archive; give each its own"


class Zip:
    """A ZIP file as a tree."""

    def __init__(self, path: Path) -> None:
        self.name = printable(path.stem)
        try:
            # stays open as long as one of its pictures may be read
            self._zip = opened(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise SourceError(
                f"{shown(path.name)} is damaged or cut short and its list of files cannot be "
                "read; copy or pack it again."
            ) from error
        total = sum(info.file_size for info in self._zip.infolist())
        if total > max(ALWAYS_FINE_BYTES, MAX_GROWTH * path.stat().st_size):
            raise SourceError(
                f"{shown(path.name)} would unpack to {total / 1e9:,.1f} GB, more than "
                f"{MAX_GROWTH} times its size, as no pictures do; pack the pictures again."
            )

    def members(self) -> Iterator[Member]:
        """Yield each file that is no litter, by name."""
        before = ""
        for info in sorted(self._zip.infolist(), key=lambda info: info.filename):
            path = _plain(printable(info.filename.replace("\\", "/")))
            litter = any(is_litter(part) for part in path.split("/") if part != "..")
            if litter or not path or info.filename.endswith(("/", "\\")):  # is_dir needs a name
                continue
            fault = TWICE if path == before else _fault(info, path)
            mark = f"{info.CRC:08x}-{info.file_size}".format
            opening = partial(_open, self._zip, info)
            yield Member(path=path, open=opening, fault=fault, mark=mark)
            before = path


def opened(source: Path | bytes, name: str = "") -> zipfile.ZipFile:
    """Open an archive whose list of members fits in memory; raises SourceError where it does not,
    and what zipfile raises for one that is damaged."""
    if isinstance(source, Path):
        return zipfile.ZipFile(_GuardedFile(source))
    return zipfile.ZipFile(_GuardedBytes(source, shown(name or "the ZIP")))


def is_plain(info: zipfile.ZipInfo) -> bool:
    """Tell whether a member can be unpacked piece by piece, as those of unusual methods cannot."""
    return info.compress_type in METHODS


class _GuardedFile(io.FileIO):
    """A file that refuses to hand out a list of members that would not fit in memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._title = shown(path.name)

    def read(self, size: int | None = -1, /) -> bytes:
        # only the list of members is read in one piece of more than a megabyte
        _refuse_long(size, self._title)
        return _counted(super().read(-1 if size is None else size), self._title)


class _GuardedBytes(io.BytesIO):
    """The same in memory."""

    def __init__(self, data: bytes, title: str) -> None:
        super().__init__(data)
        self._title = title

    def read(self, size: int | None = -1, /) -> bytes:
        _refuse_long(size, self._title)
        return _counted(super().read(size), self._title)


def _refuse_long(size: int | None, title: str) -> None:
    if size is not None and size > MAX_DIRECTORY_BYTES:
        raise _too_many(title)


def _counted(data: bytes | None, title: str) -> bytes:
    if data is not None and len(data) > MAX_MEMBERS * len(MARK):
        if data.count(MARK) > MAX_MEMBERS:
            raise _too_many(title)
    return data or b""


def _too_many(title: str) -> SourceError:
    return SourceError(
        f"{title} holds more than {MAX_MEMBERS:,} files; "
        "divide it into several ZIPs, or import the folder."
    )


def _plain(path: str) -> str:
    """Leave out of a path what changes nothing in it."""
    start = "/" if path.startswith("/") else ""
    return start + "/".join(part for part in path.split("/") if part not in ("", "."))


def _fault(info: zipfile.ZipInfo, path: str) -> str:
    if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
        return "has a path that leads out of the archive; pack it with plain names"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link and not a file; pack the file itself"
    if info.flag_bits & ENCRYPTED:
        return "is locked with a password; pack it without one"
    if not is_plain(info):
        return "is packed in an unusual way; pack it the ordinary way (deflate)"
    return ""


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return io.BufferedReader(_Checked(archive, info), PIECE_BYTES)


class _Checked(io.RawIOBase):
    """A member of an archive whose damage is an OSError, as it is with any other file."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        try:
            self._member = archive.open(info)
        except DAMAGE as error:
            raise OSError(None, DAMAGED) from error

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill the buffer as far as one read goes."""
        try:
            data = self._member.read(len(buffer))
        except DAMAGE as error:
            raise OSError(None, DAMAGED) from error
        buffer[: len(data)] = data
        return len(data)
