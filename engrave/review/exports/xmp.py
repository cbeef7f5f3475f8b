"""A record as XMP in the terms of IPTC Photo Metadata 2025.1, and back.

Properties of a packet that was there before stay, except those that are set here.
"""

from __future__ import annotations

import json
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
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
DIGITISED = "http://cv.iptc.org/newscodes/digitalsourcetype/print"  # from a print on paper
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
TAIL = '\n<?xpacket end="w"?>'


def packet_of(record: Record, before: bytes = b"") -> bytes:
    """Return a packet with a record's texts; `before` is the one that the file has."""
    root = _root(before)
    description = _description(root)
    _set_texts(description, record)
    source = f"{{{EXT}}}DigitalSourceType"
    if root.find(f".//{source}") is None and not _attribute(root, source):
        _put(description, source).text = DIGITISED
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


def _set_texts(description: Element, record: Record) -> None:
    texts, accepted = released(record), acceptance(record)
    _alternatives(description, f"{{{DC}}}description", texts["caption"])
    _alternatives(description, f"{{{CORE}}}AltTextAccessibility", texts["alt"])
    _alternatives(description, f"{{{DC}}}title", texts["title"])
    if texts["tags"]:
        bag = SubElement(_put(description, f"{{{DC}}}subject"), f"{{{RDF}}}Bag")
        for tag in texts["tags"]:
            SubElement(bag, f"{{{RDF}}}li").text = tag
    writer = f"Engrave, model {record.machine.model_version}"
    if accepted is not None:
        writer += f"; accepted by {accepted.reviewer}"
    _put(description, f"{{{PHOTOSHOP}}}CaptionWriter").text = writer
    _put(description, f"{{{OURS}}}mark").text = mark_of(record)
    text = json.dumps(record.as_json())  # ASCII, so that no character is one that XML forbids
    _put(description, f"{{{OURS}}}record").text = text


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


def _description(root: Element) -> Element:
    """Return a description of our own, once what we set is gone from the others."""
    rdf = root.find(f"{{{RDF}}}RDF")
    assert rdf is not None  # `_root` sees to it
    ours = [f"{{{DC}}}description", f"{{{CORE}}}AltTextAccessibility", f"{{{OURS}}}record"]
    ours += [f"{{{PHOTOSHOP}}}CaptionWriter", f"{{{OURS}}}mark"]
    for description in rdf.findall(f"{{{RDF}}}Description"):
        for name in ours:
            description.attrib.pop(name, None)
            for child in description.findall(name):
                description.remove(child)
    found = rdf.find(f"{{{RDF}}}Description")
    about = f"{{{RDF}}}about"
    return SubElement(rdf, f"{{{RDF}}}Description", {about: ""}) if found is None else found


def _put(description: Element, name: str) -> Element:
    """Return a new, empty property in place of one of that name."""
    description.attrib.pop(name, None)
    for child in description.findall(name):
        description.remove(child)
    return SubElement(description, name)


def _alternatives(description: Element, name: str, text: str) -> None:
    if text:
        choices = SubElement(_put(description, name), f"{{{RDF}}}Alt")
        SubElement(choices, f"{{{RDF}}}li", {LANGUAGE: "x-default"}).text = text


def _attribute(root: Element, name: str) -> bool:
    return any(name in element.attrib for element in root.iter())
