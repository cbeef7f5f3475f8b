"""ZIP files with a part for each record: texts, captioned pictures, pictures to train on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from engrave.errors import ReviewError, SourceError
from engrave.image import MAX_BYTES
from engrave.review.exports.containers import kind_of, packet_in, with_packet
from engrave.review.exports.rows import mark_of, row_of
from engrave.review.exports.tables import json_lines, read_json_lines
from engrave.review.exports.xmp import packet_of, record_in
from engrave.review.record import ACCEPTED, Record, released, verdict_on
from engrave.sources.archive import ALWAYS_FINE_BYTES, DAMAGE, MAX_GROWTH, is_plain, opened

Pictures = Callable[[Record], bytes]  # of a record's file; raises ReviewError where it is not here
LIST = "records.jsonl"
METADATA = "metadata.jsonl"
MAX_FILES = 20_000  # each may be a picture that is read whole


def write_texts(records: Sequence[Record], out: BinaryIO) -> None:
    """Write a ZIP with a text file for each picture, of the picture's name."""
    names = unique_names(records)
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for record, name in zip(records, names, strict=True):
            fine = verdict_on(record, "caption").state == ACCEPTED
            mark = "" if fine else f"\n[{mark_of(record)}]"
            caption = released(record)["caption"]
            archive.writestr(str(PurePath(name).with_suffix(".txt")), f"{caption}{mark}\n")
        _add_lines(archive, LIST, json_lines(records))


def write_imagefolder(records: Sequence[Record], pictures: Pictures, out: BinaryIO) -> None:
    """Write a ZIP with the pictures and their metadata.jsonl, from which `train` learns."""
    names = unique_names(records)
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for record, name in zip(records, names, strict=True):
            archive.writestr(name, pictures(record), ZIP_STORED)  # they are packed already
        _add_lines(archive, METADATA, map(_metadata_line, records, names))


def write_xmp(records: Sequence[Record], pictures: Pictures, out: BinaryIO) -> None:
    """Write a ZIP of copies of the pictures with their texts inside, or beside them as .xmp where
    a format takes none."""
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for record, name in zip(records, unique_names(records), strict=True):
            data = pictures(record)
            packet = packet_of(record, packet_in(data))
            if kind_of(data):
                archive.writestr(name, with_packet(data, packet), ZIP_STORED)
            else:
                archive.writestr(name, data, ZIP_STORED)
                archive.writestr(f"{name}.xmp", packet)


def _add_lines(archive: ZipFile, name: str, lines: Iterable[bytes]) -> None:
    """Write a file of an archive as its lines come, so that they are never all in memory."""
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(line)


def read_archive(data: bytes) -> list[Record]:
    """Return the records of a ZIP that was written here."""
    try:
        with opened(data) as archive:
            names = archive.namelist()
            _refuse_large(archive, len(data))
            for name in (LIST, METADATA):
                if name in names:
                    return read_json_lines(_unpacked(archive, name))
            found = (_record_of(archive, name) for name in names)
            records = [record for record in found if record is not None]
    except SourceError as error:
        raise ReviewError(str(error)) from error
    except DAMAGE as error:
        raise ReviewError("This ZIP is damaged or locked; export it again.") from error
    if not records:
        raise ReviewError("No file of this ZIP carries a record; read one that was exported here.")
    return records


def _refuse_large(archive: ZipFile, size: int) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or total > max(ALWAYS_FINE_BYTES, MAX_GROWTH * size):
        raise ReviewError(
            f"This ZIP holds {len(members):,} files of {total / 1e6:,.0f} MB together, more than "
            f"are read at once ({MAX_FILES:,}, and {MAX_GROWTH} times its size); export fewer."
        )


def unique_names(records: Sequence[Record]) -> list[str]:
    """Return file names without folders, each once: a second plate.png becomes plate-2.png."""
    taken: set[str] = {LIST, METADATA}
    names = []
    for record in records:
        plain = PurePath(record.file.replace("\\", "/")).name.lstrip(".") or "picture"
        name, number = plain, 1
        while name.lower() in taken or PurePath(name).with_suffix(".txt").name.lower() in taken:
            number += 1
            name = f"{PurePath(plain).stem}-{number}{PurePath(plain).suffix}"
        taken |= {name.lower(), PurePath(name).with_suffix(".txt").name.lower()}
        names.append(name)
    return names


def folder_pictures(paths: dict[str, Path]) -> Pictures:
    """Return a reader of pictures that lie at paths, by the keys of their records."""

    def read(record: Record) -> bytes:
        path = paths.get(record.key)
        if path is None or not path.is_file():
            raise ReviewError(
                f"The picture {record.file} is not here; give the pictures again, then export."
            )
        return path.read_bytes()

    return read


def _metadata_line(record: Record, name: str) -> bytes:
    """Return a row under the names that training knows; the details as text, one type for all."""
    row = row_of(record) | {"file_name": name, "printed": released(record)["title"]}
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()


def _record_of(archive: ZipFile, name: str) -> Record | None:
    data = _unpacked(archive, name)
    packet = data if name.endswith(".xmp") else packet_in(data)
    return record_in(packet) if packet else None


def _unpacked(archive: ZipFile, name: str) -> bytes:
    if not is_plain(archive.getinfo(name)):
        raise ReviewError(f"{name} in this ZIP is packed in an unusual way; export it again.")
    with archive.open(name) as file:
        data = file.read(MAX_BYTES * 4 + 1)
    if len(data) > MAX_BYTES * 4:
        raise ReviewError(f"{name} in this ZIP is too large; export it again.")
    return data
