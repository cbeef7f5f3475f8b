"""What comes back to the desk may be small and unpack to more than there is memory for."""

import csv
import io
import json
import struct
import zipfile
import zlib

import pytest

from engrave.errors import ReviewError
from engrave.image import MAX_BYTES
from engrave.review.exports import archives
from engrave.review.exports.annotations import RECORD, target_of
from engrave.review.exports.containers import packet_in
from engrave.review.exports.formats import read_back
from engrave.review.project import read_project
from engrave.review.vocabulary import read_terms
from tests.sources.plates import crowded, memory_below
from tests.test_review import record

DEEP = "[" * 100_000


def packed(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_without_a_bound_is_not_unpacked(packing: int) -> None:
    data = packed({"records.jsonl": bytes(20_000_000)}, packing)
    with memory_below(5_000_000), pytest.raises(ReviewError, match="unusual way"):
        read_back(data, "a.zip")


@pytest.mark.parametrize(("count", "said"), [(300_000, "200,000"), (30_000, "30,000 files")])
def test_a_list_without_end_is_not_read(count: int, said: str) -> None:
    data = crowded(count)
    with memory_below(80_000_000), pytest.raises(ReviewError, match=said):
        read_back(data, "a.zip")


def test_a_damaged_stream_gets_a_sentence() -> None:
    data = bytearray(packed({"records.jsonl": b'{"a": 1}\n' * 1000}))
    data[45:60] = b"\xff" * 15
    with pytest.raises(ReviewError, match="damaged"):
        read_back(bytes(data), "a.zip")


def test_many_members_that_swell_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ALWAYS_FINE_BYTES", 1_000_000)
    data = packed({f"{number}.xmp": bytes(2_000_000) for number in range(3)})
    assert len(data) < MAX_BYTES
    with pytest.raises(ReviewError, match="3 files of 6 MB"):
        read_back(data, "a.zip")


def test_a_text_in_a_png_that_swells_is_left_alone() -> None:
    body = b"iTXtXML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(60_000_000), 9)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(body) - 4) + body + bytes(4)
    with memory_below(25_000_000):
        assert packet_in(png) == b""
    small = b"iTXtXML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>")
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(small) - 4) + small + bytes(4)
    assert packet_in(png) == b"<x/>"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"format": "engrave-review", "version": 1}\n' + DEEP.encode(), "a.jsonl"),
        (DEEP.encode(), "a.jsonl"),
        (f'{{"items": {DEEP}'.encode(), "a.json"),
        (json.dumps({"items": [{RECORD: DEEP}]}).encode(), "a.json"),
        (packed({"records.jsonl": DEEP.encode()}), "a.zip"),
        (packed({"metadata.jsonl": DEEP.encode()}), "a.zip"),
    ],
)
def test_json_without_a_bottom_gets_a_sentence(data: bytes, name: str) -> None:
    with pytest.raises(ReviewError):
        read_back(data, name)


def test_a_deep_project_gets_a_sentence() -> None:
    with pytest.raises(ReviewError, match="Line 1"):
        read_project(f'{{"a":{DEEP}\n'.encode())


@pytest.mark.parametrize("cell", ["x" * 200_000, '"' + "x" * 200_000])
@pytest.mark.parametrize("limit", [131_072, 10_000_000], ids=["first", "after a table was read"])
def test_a_cell_without_end_in_a_vocabulary_gets_a_sentence(limit: int, cell: str) -> None:
    csv.field_size_limit(limit)
    with pytest.raises(ReviewError, match="131,072"):
        read_terms(f"boat,vessel\nship,{cell}\n".encode())


@pytest.mark.parametrize("canvas", ["http://[{stem}", "https://[::{stem}"])
def test_a_canvas_that_is_no_address_gets_a_sentence(canvas: str) -> None:
    with pytest.raises(ReviewError, match="canvases"):
        target_of(record(), canvas)
