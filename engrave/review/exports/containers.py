"""Puts an XMP packet into a copy of a picture file, and takes it out; no pixel is touched.

JPEG (APP1), PNG (iTXt), TIFF (tag 700) and WebP (a chunk of its own), as the XMP specification,
part 3, has them. Other files get their packet in a file of its own beside them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from engrave.errors import ReviewError

JPEG_MARK = b"http://ns.adobe.com/xap/1.0/\0"
PNG_SIGN = b"\x89PNG\r\n\x1a\n"
PNG_KEY = b"XML:com.adobe.xmp"
MOST_JPEG = 65_502  # bytes of a packet that fit in one segment
MAX_PACKET_BYTES = 10_000_000  # unpacked
XMP_TAG, BYTE, LONG = 700, 1, 4
WEBP_XMP = 0b100  # flag in the header of an extended file
TIFF_SIZES = {1: 1, 2: 1, 6: 1, 7: 1, 3: 2, 8: 2, 4: 4, 9: 4, 11: 4, 13: 4, 5: 8, 10: 8, 12: 8}


def kind_of(data: bytes) -> str:
    """Return `jpeg`, `png`, `tiff` or `webp`, or nothing where no packet can be put in."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == PNG_SIGN:
        return "png"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def packet_in(data: bytes) -> bytes:
    """Return the XMP packet of a file, empty where there is none."""
    try:
        return READ[kind_of(data)](data)
    except (KeyError, IndexError, struct.error, zlib.error):  # none, or a damaged file
        return b""


def with_packet(data: bytes, packet: bytes) -> bytes:
    """Return a copy of a file with this packet in place of its own; raises ReviewError."""
    try:
        return WRITE[kind_of(data)](data, packet)
    except (KeyError, IndexError, struct.error) as error:
        raise ReviewError(
            "This picture takes no metadata, as it is damaged or no JPEG, PNG, TIFF or WebP."
        ) from error


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment before the pixels."""
    at = 2
    while data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        if data[at + 1] == 0xFF:  # padding
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        yield data[at + 1], at, at + 2 + length
        at += 2 + length


def _read_jpeg(data: bytes) -> bytes:
    for marker, start, end in _jpeg_segments(data):
        if marker == 0xE1 and data.startswith(JPEG_MARK, start + 4):
            return data[start + 4 + len(JPEG_MARK) : end]
    return b""


def _write_jpeg(data: bytes, packet: bytes) -> bytes:
    if len(packet) > MOST_JPEG:
        raise ReviewError(
            f"The texts of this picture take {len(packet):,} bytes and a JPEG holds {MOST_JPEG:,}; "
            "shorten its printed words."
        )
    at, kept = 2, []
    for marker, start, end in _jpeg_segments(data):
        if marker == 0xE1 and data.startswith(JPEG_MARK, start + 4):
            continue
        kept.append((marker, data[start:end]))
        at = end
    at = max([at, *(end for _, _, end in _jpeg_segments(data))])
    front = [part for marker, part in kept if marker in (0xE0, 0xE1)]  # JFIF and EXIF come first
    rest = [part for marker, part in kept if marker not in (0xE0, 0xE1)]
    body = JPEG_MARK + packet
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return data[:2] + b"".join([*front, segment, *rest]) + data[at:]


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, at, at + 12 + length
        at += 12 + length


def _is_png_xmp(data: bytes, name: bytes, start: int) -> bool:
    return name == b"iTXt" and data.startswith(PNG_KEY + b"\0", start + 8)


def _read_png(data: bytes) -> bytes:
    for name, start, end in _png_chunks(data):
        if _is_png_xmp(data, name, start):
            body = data[start + 8 + len(PNG_KEY) + 1 : end - 4]
            text = body[2:].split(b"\0", 2)[2]
            return _inflated(text) if body[0] else text
    return b""


def _inflated(data: bytes) -> bytes:
    """Return what a packed text says, and nothing of one that swells without end."""
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, MAX_PACKET_BYTES)
    return text if unpacker.eof else b""


def _write_png(data: bytes, packet: bytes) -> bytes:
    body = b"iTXt" + PNG_KEY + b"\0\0\0\0\0" + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    parts = [PNG_SIGN]
    for name, start, end in _png_chunks(data):
        if not _is_png_xmp(data, name, start):
            parts.append(data[start:end])
        if name == b"IHDR":
            parts.append(chunk)
    return b"".join(parts)


def _tiff(data: bytes) -> tuple[str, int, list[bytes], bytes]:
    """Return byte order, place of the first directory, its entries, and where the next one is."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack(f"{order}I", data[4:8])
    (count,) = struct.unpack(f"{order}H", data[at : at + 2])
    entries = [data[at + 2 + 12 * k : at + 14 + 12 * k] for k in range(count)]
    if any(len(entry) < 12 for entry in entries):
        raise struct.error
    return order, at, entries, data[at + 2 + 12 * count : at + 6 + 12 * count]


def _read_tiff(data: bytes) -> bytes:
    order, _, entries, _ = _tiff(data)
    for entry in entries:
        tag, kind, count, place = struct.unpack(f"{order}HHII", entry)
        if tag == XMP_TAG:
            size = count * TIFF_SIZES[kind]
            return data[place : place + size] if size > 4 else b""
    return b""


def _write_tiff(data: bytes, packet: bytes) -> bytes:
    """Append the packet and a new first directory that names it; all else keeps its place."""
    order, _, entries, following = _tiff(data)
    padded = data + b"\0" * (len(data) % 2)
    own = struct.pack(f"{order}HHII", XMP_TAG, BYTE, len(packet), len(padded))
    kept = [entry for entry in entries if struct.unpack(f"{order}H", entry[:2])[0] != XMP_TAG]
    kept = sorted([*kept, own], key=lambda entry: struct.unpack(f"{order}H", entry[:2])[0])
    body = padded + packet + b"\0" * (len(packet) % 2)
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + following
    return body[:4] + struct.pack(f"{order}I", len(body)) + body[8:] + directory


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _read_webp(data: bytes) -> bytes:
    return next((body for name, body in _webp_chunks(data) if name == b"XMP "), b"")


def _write_webp(data: bytes, packet: bytes) -> bytes:
    chunks = [(name, body) for name, body in _webp_chunks(data) if name != b"XMP "]
    if chunks[0][0] == b"VP8X":
        head = bytes([chunks[0][1][0] | WEBP_XMP]) + chunks[0][1][1:]
        chunks[0] = (b"VP8X", head)
    else:
        chunks.insert(0, (b"VP8X", _webp_head(chunks[0])))
    chunks.append((b"XMP ", packet))
    packed = [
        struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)
        for name, body in chunks
    ]
    whole = b"WEBP" + b"".join(packed)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _webp_head(first: tuple[bytes, bytes]) -> bytes:
    """Return the header that a plain WebP lacks: flags and the size of its canvas."""
    name, body = first
    if name == b"VP8L":
        (bits,) = struct.unpack("<I", body[1:5])
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (side - 1 & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
        alpha = 0
    flags = WEBP_XMP | (0b10000 if alpha else 0)
    return bytes([flags, 0, 0, 0]) + struct.pack("<I", width)[:3] + struct.pack("<I", height)[:3]


READ = {"jpeg": _read_jpeg, "png": _read_png, "tiff": _read_tiff, "webp": _read_webp}
WRITE = {"jpeg": _write_jpeg, "png": _write_png, "tiff": _write_tiff, "webp": _write_webp}
