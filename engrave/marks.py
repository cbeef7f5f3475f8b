"""Marks files that the model made, in every format that is written: one place for all of them.

A mark is XMP with the IPTC digital source type, and how the picture was made in words. Knows
formats, no model and no place on a disk.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, ImageDraw, ImageFont, PngImagePlugin

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP_KEY = "XML:com.adobe.xmp"
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
   <xmp:CreatorTool>{tool}</xmp:CreatorTool>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{words}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="r"?>'
# names that viewers of `parameters` look for, by ours
VIEWER_NAMES = {"steps": "Steps", "seed": "Seed", "guidance": "CFG scale", "model_version": "Model"}
APART = ("prompt", "less", "recipe", "recipes")  # facts that have lines of their own, or none
# XMP lies in a GIF as it is, so a reader that skips by lengths needs this ramp to find its end
GIF_TRAILER = bytes([1, *range(255, -1, -1), 0])
MP4_XMP = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # name of the box, by the XMP standard
CORNER = "made by a model"
CORNER_SHARE = 22  # the picture is so many times as high as the letters
Facts = Mapping[str, str]


def parameters(facts: Facts) -> str:
    """Return facts in the form that viewers of generated pictures read."""
    rest = [f"{VIEWER_NAMES.get(k, k)}: {v}" for k, v in facts.items() if k not in APART]
    less = [f"Negative prompt: {facts['less']}"] if facts.get("less") else []
    return "\n".join([facts.get("prompt", ""), *less, ", ".join(rest)]).strip()


def xmp(facts: Facts) -> str:
    """Return the XMP of what was made, without the packet round it."""
    tool = " ".join(["Engrave", facts.get("model_version", "")]).strip()
    return XMP.format(source=GENERATED, tool=_text(tool), words=_text(parameters(facts)))


def packet(facts: Facts) -> bytes:
    """Return the XMP of what was made as it lies in a file."""
    return PACKET.format(xmp(facts)).encode()


def png(image: Image.Image, facts: Facts) -> bytes:
    """Return a PNG: a chunk of text for each fact, `parameters`, XMP."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", parameters(facts))
    for key, value in facts.items():
        chunks.add_text(key, value)
    chunks.add_itxt(XMP_KEY, packet(facts).decode())
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def webp(image: Image.Image, facts: Facts, quality: int = 88, **settings: object) -> bytes:
    """Return a WebP: `parameters` as EXIF user comment, XMP."""
    exif = Image.Exif()
    comment = b"UNICODE\0" + parameters(facts).encode("utf-16-be")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=quality, exif=exif, xmp=packet(facts), **settings)
    return buffer.getvalue()


def gif(frames: Sequence[Image.Image], milliseconds: int, facts: Facts) -> bytes:
    """Return a GIF that plays for ever: `parameters` as its comment, XMP."""
    first, *rest = frames
    buffer = BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=rest, duration=milliseconds, loop=0,
        comment=parameters(facts).encode()[:60_000],
    )  # fmt: skip
    data = buffer.getvalue()
    flags = data[10]
    start = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)  # after the palette of all
    block = b"\x21\xff\x0bXMP DataXMP" + packet(facts) + GIF_TRAILER
    return data[:start] + block + data[start:]


def mp4_box(facts: Facts) -> bytes:
    """Return the box of XMP that is put at the end of an MP4."""
    body = MP4_XMP + packet(facts)
    return struct.pack(">I4s", 8 + len(body), b"uuid") + body


def with_corner_mark(image: Image.Image) -> Image.Image:
    """Return the picture with words in its corner that say how it came to be."""
    marked = image.copy()
    pen = ImageDraw.Draw(marked)
    font = ImageFont.load_default(max(8, image.height // CORNER_SHARE))
    left, top, right, bottom = pen.textbbox((0, 0), CORNER, font=font)
    pad = max(2, image.height // 80)
    x, y = image.width - (right - left) - 2 * pad, image.height - (bottom - top) - 2 * pad
    pen.rectangle((x - 1, y - 1, image.width, image.height), fill="white", outline="black")
    pen.text((x + pad - left, y + pad - top), CORNER, fill="black", font=font)
    return marked


def _text(words: str) -> str:
    """Return words for XML, which allows no control characters but these."""
    return escape("".join(one for one in words if one >= " " or one in "\n\t"))
