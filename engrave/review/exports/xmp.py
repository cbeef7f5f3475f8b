"""A record as XMP in the terms of IPTC Photo Metadata 2025.1, and back.

Properties of a packet that was there before stay, except those that are set here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from engrave.errors import ReviewError
from engrave.review.exports.rows import mark_of
from engrave.review.parsing import from_json
from engrave.review.record import Record, acceptance, released

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
META = "adobe:ns:meta/"
OURS = "urn:engrave:review#"
PREFIXES = {
    "rdf": RDF, "dc": DC, "Iptc4xmpExt": EXT, "Iptc4xmpCore": CORE, "photoshop": PHOTOSHOP,
    "x": META, "engrave": OURS,
}  # fmt: skip
DEFAULT = "x-default"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
DIGITISED = "http://cv.iptc.org/newscodes/digitalsourcetype/print"  # from a print on paper
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
TAIL = '\n<?xpacket end="w"?>'


def packet_of(record: Record, before: bytes = b"") -> bytes:
    """Return a packet with a record's texts; `before` is the one that the file has."""
    root = _root(before)
    _set_texts(root, record)
    source = f"{{{EXT}}}DigitalSourceType"
    if root.find(f".//{source}") is None and not _attribute(root, source):
        _put(root, source).text = DIGITISED
    body = ElementTree.tostring(root, encoding="unicode")
    return (HEAD + body + TAIL).encode("utf-8")


def record_in(packet: bytes) -> Record | None:
    """Return the record that a packet carries, or None where it carries none of ours."""
    found = _root(packet).find(f".//{{{OURS}}}record")
    if found is None or not found.text:
        return None
    try:
        return from_json(json.loads(found.text))
    except (ValueError, RecursionError) as error:
        raise ReviewError("The record in this picture is damaged; export it again.") from error


def _set_texts(root: Element, record: Record) -> None:
    texts, accepted, own = released(record), acceptance(record), _own(root)
    for name, text in (
        (f"{{{DC}}}description", texts["caption"]),
        (f"{{{CORE}}}AltTextAccessibility", texts["alt"]),
        (f"{{{DC}}}title", texts["title"]),
    ):
        if text or own is not None:  # else it is somebody else's
            _alternatives(root, name, text)
    _keywords(root, texts["tags"], own.tags if own else ())
    writer = f"Engrave, model {record.machine.model_version}"
    if accepted is not None:
        writer += f"; accepted by {accepted.reviewer}"
    _put(root, f"{{{PHOTOSHOP}}}CaptionWriter").text = writer
    _put(root, f"{{{OURS}}}mark").text = mark_of(record)
    text = json.dumps(record.as_json())  # ASCII, so that no character is one that XML forbids
    _put(root, f"{{{OURS}}}record").text = text


def _own(root: Element) -> Record | None:
    """Return the record that was written here before; None where none was, or a damaged one."""
    try:
        return record_in(ElementTree.tostring(root, encoding="utf-8"))
    except ReviewError:
        return None


def _root(packet: bytes) -> Element:
    """Return the tree of a packet, or of an empty one where it is none."""
    for prefix, address in PREFIXES.items():
        ElementTree.register_namespace(prefix, address)
    text = packet.decode("utf-8", errors="replace").strip("\ufeff\0 \n\r\t")
    if text and "<!DOCTYPE" not in text and "<!ENTITY" not in text:
        try:
            _keep_prefixes(text)
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            root = None
        if root is not None and root.tag == f"{{{RDF}}}RDF":
            wrapped = Element(f"{{{META}}}xmpmeta")
            wrapped.append(root)
            return wrapped
        if root is not None and root.find(f"{{{RDF}}}RDF") is not None:
            return root
    root = Element(f"{{{META}}}xmpmeta")
    SubElement(root, f"{{{RDF}}}RDF")
    return root


def _keep_prefixes(text: str) -> None:
    """Have others' namespaces written under the names that they came with."""
    for _, (prefix, address) in ElementTree.iterparse(StringIO(text), events=("start-ns",)):
        if prefix and address not in PREFIXES.values() and prefix not in PREFIXES:
            try:
                ElementTree.register_namespace(prefix, address)
            except ValueError:  # ns0 and the like, which the library gives out itself
                continue


def _descriptions(root: Element) -> list[Element]:
    """Return the blocks of properties; a packet may have one for each program that wrote to it."""
    rdf = root.find(f"{{{RDF}}}RDF")
    assert rdf is not None  # `_root` sees to it
    found = rdf.findall(f"{{{RDF}}}Description")
    return found or [SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})]


def _take(root: Element, name: str) -> list[Element]:
    """Take a property out of all blocks, as no packet may have it twice, and return it."""
    taken = []
    for description in _descriptions(root):
        description.attrib.pop(name, None)
        for child in description.findall(name):
            description.remove(child)
            taken.append(child)
    return taken


def _put(root: Element, name: str) -> Element:
    """Return a new, empty property in place of those of that name."""
    _take(root, name)
    return SubElement(_descriptions(root)[0], name)


def _alternatives(root: Element, name: str, text: str) -> None:
    """Set a text; what others wrote of it in a language that is named stays."""
    lines = [line for old in _take(root, name) for line in old.iter(f"{{{RDF}}}li")]
    others = [line for line in lines if line.get(LANGUAGE, DEFAULT) != DEFAULT]
    if text or others:
        choices = SubElement(_put(root, name), f"{{{RDF}}}Alt")
        if text:
            SubElement(choices, f"{{{RDF}}}li", {LANGUAGE: DEFAULT}).text = text
        choices.extend(others)


def _keywords(root: Element, tags: Sequence[str], before: Sequence[str]) -> None:
    """Set the tags behind the keywords of others; `before` are those that were set here."""
    name = f"{{{DC}}}subject"
    lines = [line.text or "" for old in _take(root, name) for line in old.iter(f"{{{RDF}}}li")]
    found = dict.fromkeys([*(line for line in lines if line not in before), *tags])
    if found:
        bag = SubElement(_put(root, name), f"{{{RDF}}}Bag")
        for tag in found:
            SubElement(bag, f"{{{RDF}}}li").text = tag


def _attribute(root: Element, name: str) -> bool:
    return any(name in element.attrib for element in root.iter())
