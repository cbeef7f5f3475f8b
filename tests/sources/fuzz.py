"""Throws damaged sources at the readers: python -m tests.sources.fuzz [--count 20000] [--seed 0].

Whatever is thrown, a reader answers with entries or with one sentence, soon and in little memory.
Each kind runs in a process of its own, so that a crash of a library is found too. Exits with 1
where anything else happened, and names kind and number, which make the same input again.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engrave.errors import EngraveError
from engrave.sources import open_source
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif import Iiif, read_page
from tests.sources.plates import plate

MAX_SECONDS = 10.0  # for one input
MAX_GROWTH_MB = 700
ODD = (b"\0", b"\xff", b'"', b"'", b",", b";", b"\n", b"\r", b"{", b"[", b"\\", b"PK\1\2", b"../",
       b"\xef\xbb\xbf", b"\x7f\xff\xff\xff", b"-1", b"1e999", b"\xed\xa0\x80", b"<", b"\\ud800",
       b"\t")  # fmt: skip


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Return data with bytes flipped, pieces cut, doubled, moved, or odd ones put in."""
    hurt = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        place = dice.randrange(len(hurt) or 1)
        length = dice.choice((1, 2, 4, 16, 200))
        match dice.randrange(7):
            case 0 if hurt:
                hurt[place] ^= 1 << dice.randrange(8)
            case 1:
                hurt[place : place + length] = dice.randbytes(length)
            case 2:
                del hurt[place : place + length]
            case 3:
                hurt[place:place] = dice.choice(ODD) * dice.choice((1, 1, 3, 1_000))
            case 4:
                hurt[place:place] = hurt[dice.randrange(len(hurt) or 1) :][:length]
            case 5:
                del hurt[place:]
            case _:  # a number of four bytes, as sizes and places are written
                hurt[place : place + 4] = dice.choice((b"\xff" * 4, bytes(4), b"\0\0\0\x7f"))
    return bytes(hurt)


def a_zip(dice: random.Random) -> bytes:
    """A ZIP with pictures, a table and a folder."""
    buffer = io.BytesIO()
    method = dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(buffer, "w", method) as packed:
        members = {"sea/a.png": plate(), "b.bmp": bytes(3_000), "m.csv": a_csv(dice)}
        if dice.random() < 0.3:
            members["metadata.jsonl"] = lines(dice)
        for name, data in members.items():  # of 1980, so that the same number is the same ZIP
            packed.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def a_csv(dice: random.Random) -> bytes:
    """A table in one of its usual dresses."""
    page = io.StringIO(newline="")
    writer = csv.writer(page, delimiter=dice.choice(",;\t|"), quoting=dice.choice((0, 1)))
    writer.writerow(["file_name", "title", "date", "Künstler", "rights"])
    for number in range(6):
        writer.writerow([f"p{number}.png", 'Die "Burg", Süd\nseite', 1500 + number, "A; B", "CC0"])
    return page.getvalue().encode(dice.choice(("utf-8-sig", "utf-8", "utf-16", "cp1252")))


def lines(dice: random.Random) -> bytes:
    """JSON lines with values of each kind."""
    rows = [
        {"file_name": f"p{n}.png", "text": "a ship", "tags": ["x", {"y": [1]}], "n": 1.5, "z": None}
        for n in range(6)
    ]
    return "\n".join(json.dumps(row, ensure_ascii=dice.random() < 0.5) for row in rows).encode()


def a_parquet(dice: random.Random) -> bytes:
    """A data set in any packing."""
    rows = dice.choice((1, 5, 40))
    table = pa.table({
        "image": [{"bytes": plate(), "path": f"{n}.png"} for n in range(rows)],
        "text": [f"a ship {n}" for n in range(rows)], "id": list(range(rows)),
        "tags": [["x", "y"]] * rows, "when": [1.5] * rows, "day": [date(1850, 1, 2)] * rows,
        "moment": [datetime(1850, 1, 2, 3)] * rows,
    })  # fmt: skip
    buffer = io.BytesIO()
    packing = dice.choice(("snappy", "gzip", "zstd", "none", "lz4", "brotli"))
    size, dictionary = dice.choice((1, 7, 100)), dice.random() < 0.5
    pq.write_table(table, buffer, compression=packing, row_group_size=size,
                   use_dictionary=dictionary)  # fmt: skip
    return buffer.getvalue()


def a_manifest(dice: random.Random) -> bytes:
    """A manifest or Collection of either version."""
    service = {"id": "https://x.example/i", "type": "ImageService3", "profile": "level0",
               "sizes": [{"width": 100, "height": 80}], "tiles": [{"width": 256}]}  # fmt: skip
    body = {"id": "https://x.example/a.png", "type": "Image", "width": 4000, "height": 3000,
            "service": [service], "format": "image/png"}  # fmt: skip
    label = {"en": ["A <b>book</b>"], "de": ["Ein Buch"], "none": ["&amp;"]}
    pair = {"label": label, "value": [{"@value": "x", "@language": "en"}, "y"]}
    note = {"type": "Annotation", "motivation": "painting", "body": [body, {"type": "Choice",
            "items": [body]}]}  # fmt: skip
    canvas = {"id": "https://x.example/c", "type": "Canvas", "label": label, "metadata": [pair],
              "items": [{"type": "AnnotationPage", "items": [note, note]}]}  # fmt: skip
    third = {"id": "https://x.example/m", "type": "Manifest", "label": label, "items": [canvas] * 2,
             "metadata": [pair], "requiredStatement": pair, "homepage": [{"id": "u"}]}  # fmt: skip
    image = {"motivation": "sc:painting", "resource": {"@id": "u", "@type": "dctypes:Image"}}
    second = {"@id": "https://x.example/m", "@type": "sc:Manifest", "label": pair["value"],
              "sequences": [{"canvases": [{"@id": "c", "@type": "sc:Canvas", "images": [image]}]}],
              "license": "u", "attribution": ["x"], "metadata": [pair]}  # fmt: skip
    shelf = {"id": "https://x.example/t", "type": "Collection", "items": [third, second, "u"],
             "manifests": [second], "next": "https://x.example/n", "label": label}  # fmt: skip
    return json.dumps(dice.choice((third, second, shelf))).encode()


def read_file(name: str, folder: Path, data: bytes) -> None:
    """Open a file as a source and read all of it."""
    path = folder / name
    path.write_bytes(data)
    read_all(open_source(path))


def read_table(name: str, folder: Path, data: bytes) -> None:
    """Read a table beside six pictures."""
    for number in range(6):
        picture = folder / f"p{number}.png"
        if not picture.exists():
            picture.write_bytes(b"x")
    (folder / name).write_bytes(data)
    read_all(open_source(folder))
    read_all(open_source(folder / name))


def read_manifest(folder: Path, data: bytes) -> None:
    """Walk a manifest whose hosts nobody listed."""
    del folder
    read_all(Iiif(read_page(data, "m.json"), "m.json", Fetcher([])))


def read_all(source: Any) -> None:
    """Take every entry, and ask each for its picture."""
    keys = set()
    for entry in source.entries():
        assert entry.key not in keys, f"two entries have the key {entry.key!r}"
        keys.add(entry.key)
        told = [entry.key, entry.title, entry.caption, entry.address, *entry.facets.values()]
        assert all(isinstance(text, str) and text.encode() is not None for text in told)
        try:
            entry.read()
        except EngraveError as error:
            assert 20 < len(str(error)) < 1_000 and "\n" not in str(error)
    for key, sentence in source.unread:
        assert isinstance(key, str) and sentence.endswith(".") and "\n" not in sentence


KINDS: dict[str, tuple[Callable[[random.Random], bytes], Callable[[Path, bytes], None]]] = {
    "zip": (a_zip, partial(read_file, "a.zip")),
    "csv": (a_csv, partial(read_table, "t.csv")),
    "jsonl": (lines, partial(read_table, "t.jsonl")),
    "parquet": (a_parquet, partial(read_file, "a.parquet")),
    "iiif": (a_manifest, read_manifest),
}


def try_one(kind: str, number: int, folder: Path) -> str:
    """Throw one input; returns what went wrong, or nothing."""
    make, read = KINDS[kind]
    dice = random.Random(f"{kind} {number}")
    data, begun = mutated(make(dice), dice), time.monotonic()
    try:
        read(folder, data)
    except EngraveError as error:
        if not 20 < len(str(error)) < 1_000 or "\n" in str(error):
            return f"an odd sentence: {str(error)[:300]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    seconds = time.monotonic() - begun
    return f"took {seconds:.1f} s" if seconds > MAX_SECONDS else ""


def work(kind: str, numbers: range, place: Any, found: Any) -> None:
    """Throw all inputs of a kind, telling the one that is being thrown."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as scratch:
        for number in numbers:
            place.value = number
            fault = try_one(kind, number, Path(scratch))
            if fault:
                found.put((number, fault))
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1_000
    found.put((-1, grown_mb))


def run(kind: str, numbers: range) -> int:
    """Run a kind in a process of its own, on after each crash; returns how many faults it has."""
    faults, begun, count = 0, time.monotonic(), len(numbers)
    while numbers:
        place, found = multiprocessing.Value("q", numbers.start), multiprocessing.Queue()
        process = multiprocessing.Process(target=work, args=(kind, numbers, place, found))
        process.start()
        ended = False
        while not ended and (process.is_alive() or not found.empty()):
            try:
                number, fault = found.get(timeout=1)
            except Exception:  # the queue of a process that crashed says nothing more
                continue
            ended = number < 0
            if ended and fault > MAX_GROWTH_MB:
                print(f"{kind}: memory grew by {fault:.0f} MB")
                faults += 1
            elif not ended:
                print(f"{kind} {number}: {fault}", flush=True)
                faults += 1
        process.join()
        if ended:
            break
        print(f"{kind} {place.value}: the process ended with {process.exitcode}", flush=True)
        faults += 1
        numbers = range(place.value + 1, numbers.stop)
    print(f"{kind}: {count:,} inputs, {faults} faults, {time.monotonic() - begun:.0f} s")
    return faults


def main() -> int:
    """Throw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="inputs of each kind")
    parser.add_argument("--seed", type=int, default=0, help="number of the first input")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    asked = parser.parse_args()
    numbers = range(asked.seed, asked.seed + asked.count)
    return 1 if sum(run(kind, numbers) for kind in asked.kind or KINDS) else 0


if __name__ == "__main__":
    sys.exit(main())
