"""Each export is read by somebody else's reader, and back here without a loss."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pandas
import pyexiv2
import pytest
from datasets import load_dataset
from PIL import Image

from engrave.errors import ReviewError
from engrave.image import png_with_metadata
from engrave.review.captioning import caption_all, key_of
from engrave.review.exports.archives import folder_pictures, unique_names
from engrave.review.exports.containers import packet_in, with_packet
from engrave.review.exports.formats import FORMATS, meant, read_back
from engrave.review.exports.rows import mark_of, row_of
from engrave.review.exports.xmp import DIGITISED, packet_of, record_in
from engrave.review.project import Project
from engrave.review.record import Record, decided, edited
from tests.fakes import fake_engine, noise
from tests.sources.plates import memory_below

CANVAS = "https://iiif.example.org/{stem}/canvas/1"
SUFFIXES = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# the MUSTs of the Web Annotation Data Model (W3C Recommendation, 2017), sections 3.1 to 3.3
ADDRESS = {"type": "string", "pattern": r"^https?://[^\s#]+$"}  # as IIIF asks of every id
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
AGENT = {
    "type": "object",
    "properties": {
        "type": {"enum": ["Person", "Organization", "Software"]},
        "id": {"type": "string", "format": "uri"},
        "name": {"type": "string", "minLength": 1},
    },
    "required": ["type", "name"],
}
PURPOSES = [
    "assessing", "bookmarking", "classifying", "commenting", "describing", "editing",
    "highlighting", "identifying", "linking", "moderating", "questioning", "replying", "tagging",
    "supplementing",
]  # fmt: skip
BODY = {
    "type": "object",
    "properties": {
        "type": {"const": "TextualBody"},
        "value": {"type": "string"},
        "purpose": {"enum": PURPOSES},
        "format": {"type": "string"},
        "language": {"type": "string"},
    },
    "required": ["type", "value", "purpose"],
}
ANNOTATION = {
    "type": "object",
    "properties": {
        "@context": {
            "type": "array",
            "contains": {"const": "http://www.w3.org/ns/anno.jsonld"},
            "items": ADDRESS,
            "minItems": 1,
        },
        "id": ADDRESS,
        "type": {"const": "Annotation"},
        "motivation": {"enum": PURPOSES},
        "body": {"type": "array", "items": BODY, "minItems": 1},
        "target": ADDRESS,
        "creator": AGENT,
        "generator": AGENT,
        "created": TIME,
        "modified": TIME,
        "generated": TIME,
    },
    "required": ["@context", "id", "type", "target"],
}
PAGE = {  # IIIF Presentation API 3.0, Annotation Page: these and no more
    "type": "object",
    "properties": {
        "@context": {
            "type": "array",
            "items": ADDRESS,
            "prefixItems": [
                {"const": "http://www.w3.org/ns/anno.jsonld"},
                {"const": "http://iiif.io/api/presentation/3/context.json"},
            ],
            "minItems": 2,
            "maxItems": 2,
        },
        "id": ADDRESS,
        "type": {"const": "AnnotationPage"},
        "items": {"type": "array", "minItems": 1, "items": {"type": "object"}},
    },
    "required": ["@context", "id", "type", "items"],
    "additionalProperties": False,
}


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Four pictures in four formats."""
    folder = tmp_path / "in"
    folder.mkdir()
    return [noise(folder / f"p{at}{end}", (60, 41), at) for at, end in enumerate(SUFFIXES.values())]


@pytest.fixture
def records(pictures: list[Path]) -> list[Record]:
    """One record of each state, with texts that are hard on formats."""
    project = Project()
    list(caption_all(fake_engine(), project, pictures))
    one, two, three, four = project
    hard = {"caption": '=HYPERLINK("x")', "title": "'tis ü < & ; ,", "tags": "'a; b"}
    hard |= {"alt": "-1+1", "printed": 'LINE "one"\n@two\tend'}
    accepted = decided(edited(two, hard), "accepted", "Ada <ada@x.org>")
    return [one, accepted, edited(three, {"alt": "An owl."}), decided(four, "rejected", "Bob")]


@pytest.fixture
def files(pictures: list[Path]) -> Callable[[Record], bytes]:
    """Reads the pictures of the records."""
    return folder_pictures({key_of(path.read_bytes()): path for path in pictures})


def exported(
    name: str, records: list[Record], files: Callable[[Record], bytes], canvas: str
) -> bytes:
    """Return what a format writes."""
    out = io.BytesIO()
    FORMATS[name].write(records, files, canvas, out)
    return out.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_a_round_trip_loses_nothing(
    name: str, records: list[Record], files: Callable[[Record], bytes]
) -> None:
    written = exported(name, records, files, CANVAS)
    assert read_back(written, f"captions{FORMATS[name].suffix}") == records


@pytest.mark.parametrize("name", FORMATS)
def test_all_are_marked(name: str, records: list[Record], files: Callable[[Record], bytes]) -> None:
    written = exported(name, records[:1], files, CANVAS)
    if written[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(written)) as archive:
            written = b"".join(archive.read(entry) for entry in archive.namelist())
    assert b"machine text, not reviewed" in written


PERSONS = {
    "caption": ("an owl of my own", "caption"),
    "alt": ("An owl.", "alternative text"),
    "title": ("The Owl", "printed title"),
    "printed": ("FIG. 1", "printed words"),
    "tags": ("owl", "tags"),
}


@pytest.mark.parametrize("name", PERSONS)
@pytest.mark.parametrize("state", ["edited", "accepted", "rejected"])
def test_the_mark_names_what_a_person_wrote(name: str, state: str, records: list[Record]) -> None:
    text, label = PERSONS[name]
    own = edited(records[0], {name: text})
    done = own if state == "edited" else decided(own, state, "Ada")
    assert mark_of(done).endswith(f"; by a person: {label}")
    if name != "caption":
        plain = records[0] if state == "edited" else decided(records[0], state, "Ada")
        assert "by a person: " not in mark_of(plain)
        assert "edited and accepted" not in mark_of(done), "the caption is the machine's own"
    assert row_of(done)["mark"] == mark_of(done)


def test_another_of_the_machines_captions_is_no_persons(records: list[Record]) -> None:
    other = records[0].machine.candidates[3].text
    own = decided(edited(records[0], {"caption": other}), "accepted", "Ada")
    assert mark_of(own) == "machine text, accepted by a person"


def test_only_accepted_ones_go_out_unless_all_are_asked_for(records: list[Record]) -> None:
    assert [one.state for one in meant(records, False)] == ["accepted"]
    assert meant(records, True) == records
    with pytest.raises(ReviewError, match="Nothing is accepted"):
        meant(records[:1], False)


def test_a_spreadsheet_runs_no_cell(records: list[Record]) -> None:
    data = exported("csv", records, _none, "")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]
    table = pandas.read_csv(io.BytesIO(data), keep_default_na=False)
    assert list(table["file_name"]) == [one.file for one in records]
    assert table["alt_text"][1] == "'-1+1" and table["printed_words"][1] == records[1].printed


def test_what_was_changed_in_the_spreadsheet_is_an_edit(records: list[Record]) -> None:
    data = exported("csv", records[:1], _none, "")
    table = pandas.read_csv(io.BytesIO(data), keep_default_na=False, dtype=str)
    table.loc[0, ["alt_text", "state", "reviewer"]] = ["A hill.", "accepted", "Ada"]
    saved = table.to_csv(index=False, sep=";").encode()  # as a German Excel saves it
    (found,) = read_back(saved, "captions.csv")
    assert (found.alt, found.state, found.reviewer) == ("A hill.", "accepted", "Ada")
    table.loc[0, "reviewer"] = ""
    with pytest.raises(Exception, match="Nobody is named"):
        read_back(table.to_csv(index=False).encode(), "captions.csv")


@pytest.mark.parametrize("name", ["csv", "jsonl", "annotations"])
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-16"])
def test_an_export_saved_without_its_accents_is_refused(
    name: str, encoding: str, records: list[Record]
) -> None:
    written = exported(name, records, _none, CANVAS).decode("utf-8-sig")
    with pytest.raises(ReviewError):
        read_back(written.encode(encoding), f"captions{FORMATS[name].suffix}")


def test_json_lines_are_read_by_pandas(records: list[Record]) -> None:
    table = pandas.read_json(io.BytesIO(exported("jsonl", records, _none, "")), lines=True)
    assert list(table["caption"]) == [one.caption for one in records]


def test_the_imagefolder_is_one(
    records: list[Record], files: Callable[[Record], bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    with zipfile.ZipFile(io.BytesIO(exported("imagefolder", records, files, ""))) as archive:
        archive.extractall(folder)
    table = load_dataset("imagefolder", data_dir=str(folder), split="train", cache_dir=tmp_path)
    assert sorted(table["caption"]) == sorted(one.caption for one in records)
    assert {picture.size for picture in table["image"]} == {(60, 41)}


def test_text_files_bear_the_pictures_names(records: list[Record]) -> None:
    with zipfile.ZipFile(io.BytesIO(exported("texts", records, _none, ""))) as archive:
        assert archive.read("p1.txt").decode() == f"{records[1].caption}\n"
        assert "[machine text, not reviewed]" in archive.read("p0.txt").decode()


def test_names_that_meet_are_told_apart(records: list[Record]) -> None:
    one = records[0]
    names = ["a/plate.png", "plate.jpg", "PLATE.PNG", "metadata.jsonl", "../.x"]
    found = unique_names([replace(one, file=name) for name in names])
    assert found == ["plate.png", "plate-2.jpg", "PLATE-3.PNG", "metadata-2.jsonl", "x"]


def test_annotations_hold_to_the_recommendation(records: list[Record]) -> None:
    page = json.loads(exported("annotations", records, _none, CANVAS))
    jsonschema.validate(page, PAGE)
    check = jsonschema.Draft202012Validator(ANNOTATION)
    for item in page["items"]:
        check.validate(item | {"@context": page["@context"]})  # it holds for what is inside
    assert len({item["id"] for item in page["items"]} | {page["id"]}) == len(records) + 1
    machine, accepted, *_ = page["items"]
    assert "creator" not in machine and machine["generator"]["type"] == "Software"
    assert accepted["creator"]["name"] == "Ada <ada@x.org>"
    assert accepted["target"] == "https://iiif.example.org/p1/canvas/1"
    assert [body["purpose"] for body in accepted["body"]] == [
        "describing", "describing", "identifying", "supplementing", "tagging", "tagging",
    ]  # fmt: skip
    with pytest.raises(jsonschema.ValidationError):
        check.validate(accepted | {"@context": page["@context"], "target": None})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(page | {"mark": "no term of IIIF"}, PAGE)


@pytest.mark.parametrize("canvas", ["", "x/{stem}", "https://x.org/canvas", "javascript:{stem}"])
def test_a_canvas_that_cannot_be_gets_a_sentence(canvas: str, records: list[Record]) -> None:
    with pytest.raises(ReviewError, match="canvas"):
        exported("annotations", records, _none, canvas)


@pytest.mark.parametrize("kind", SUFFIXES)
def test_xmp_is_read_by_exiv2_and_no_pixel_is_touched(
    kind: str, records: list[Record], tmp_path: Path
) -> None:
    plain = noise(tmp_path / f"x{SUFFIXES[kind]}", (61, 40)).read_bytes()
    copy = tmp_path / f"copy{SUFFIXES[kind]}"
    for record in (records[0], records[1]):  # twice: the second replaces the first
        before = copy.read_bytes() if copy.exists() else plain
        copy.write_bytes(with_packet(before, packet_of(record, packet_in(before))))
    with pyexiv2.Image(str(copy)) as image:
        found = image.read_xmp()
    accepted = records[1]
    default = 'lang="x-default"'
    assert found["Xmp.dc.description"] == {default: accepted.caption}
    assert found["Xmp.iptc.AltTextAccessibility"] == {default: accepted.alt}
    assert found["Xmp.dc.title"] == {default: accepted.title}
    assert found["Xmp.dc.subject"] == list(accepted.tags)
    assert found["Xmp.iptcExt.DigitalSourceType"] == DIGITISED
    assert found["Xmp.photoshop.CaptionWriter"].endswith("accepted by Ada <ada@x.org>")
    with Image.open(io.BytesIO(plain)) as first, Image.open(copy) as second:
        assert first.tobytes() == second.tobytes()


def test_what_others_wrote_stays(records: list[Record], tmp_path: Path) -> None:
    made = tmp_path / "made.png"
    made.write_bytes(png_with_metadata(Image.new("L", (20, 20)), {"model_version": "m"}))
    with pyexiv2.Image(str(made)) as image:
        image.modify_xmp({"Xmp.dc.rights": "Free <&>", "Xmp.xmp.Rating": "5"})
    data = made.read_bytes()
    made.write_bytes(with_packet(data, packet_of(records[1], packet_in(data))))
    with pyexiv2.Image(str(made)) as image:
        found = image.read_xmp()
    assert found["Xmp.iptcExt.DigitalSourceType"] == GENERATED  # still the model's picture
    assert found["Xmp.xmp.CreatorTool"] == "Engrave m" and found["Xmp.xmp.Rating"] == "5"
    assert "Free <&>" in str(found["Xmp.dc.rights"])


MANY = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">
<rdf:Description rdf:about="" xmp:Rating="5"/>
<rdf:Description rdf:about="" photoshop:CaptionWriter="Eve" photoshop:City="Ulm">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Old</rdf:li><rdf:li xml:lang="de">Die Eule</rdf:li>
</rdf:Alt></dc:title></rdf:Description>
<rdf:Description rdf:about=""><dc:subject><rdf:Bag><rdf:li>box 7</rdf:li><rdf:li>sea</rdf:li>
</rdf:Bag></dc:subject><dc:description><rdf:Alt><rdf:li xml:lang="x-default">Theirs</rdf:li>
</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_blocks_of_several_programs_are_merged(records: list[Record], tmp_path: Path) -> None:
    own = decided(edited(records[0], {"title": "The Owl", "tags": "sea; owl"}), "accepted", "Ada")
    less = decided(edited(own, {"title": "", "tags": "tree"}), "accepted", "Ada")
    path = noise(tmp_path / "a.jpg")
    found = []
    plain, packet = path.read_bytes(), MANY.encode()
    for one in (own, less):
        packet = packet_of(one, packet)
        path.write_bytes(with_packet(plain, packet))
        with pyexiv2.Image(str(path)) as image:
            found.append(image.read_xmp())
        for name in (b"<dc:title>", b"<dc:subject>", b"<dc:description>", b"CaptionWriter>"):
            assert packet.count(name) <= 2 - (name[:1] == b"<"), "no property stands twice"
    first, second = found
    for one in found:
        assert one["Xmp.xmp.Rating"] == "5" and one["Xmp.photoshop.City"] == "Ulm"
        assert one["Xmp.photoshop.CaptionWriter"].endswith("accepted by Ada")
    assert first["Xmp.dc.title"] == {'lang="x-default"': "The Owl", 'lang="de"': "Die Eule"}
    assert first["Xmp.dc.subject"] == ["box 7", "sea", "owl"]
    assert second["Xmp.dc.title"] == {'lang="de"': "Die Eule"}
    assert second["Xmp.dc.subject"] == ["box 7", "tree"]
    assert record_in(packet) == less


def test_what_is_not_accepted_leaves_the_words_of_others_alone(records: list[Record]) -> None:
    one = decided(edited(records[0], {"title": "The Owl"}), "accepted", "Ada", only=["title"])
    packet = packet_of(one, MANY.encode()).decode()
    assert "Theirs" in packet and ">Old<" not in packet and ">The Owl<" in packet


@pytest.mark.parametrize(
    "packet", [b"", b"<", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]
)
def test_a_damaged_packet_is_replaced(packet: bytes, records: list[Record]) -> None:
    assert record_in(packet_of(records[1], packet)) == records[1]


def test_a_format_without_metadata_gets_a_file_beside_it(
    records: list[Record], tmp_path: Path
) -> None:
    path = noise(tmp_path / "a.gif")
    record = replace(records[1], file="a.gif")
    written = exported("xmp", [record], lambda _: path.read_bytes(), "")
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.namelist() == ["a.gif", "a.gif.xmp"]
        assert archive.read("a.gif") == path.read_bytes()
        beside = Path(archive.extract("a.gif.xmp", tmp_path))
    with pyexiv2.Image(str(beside)) as image:
        assert image.read_xmp()["Xmp.dc.description"] == {'lang="x-default"': record.caption}


BAD_PAGE = b'{"items": [{"urn:engrave:review#record": 3}]}'


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"PK\3\4no", "a.zip"), (b"a,b\n1,2\n", "a.csv"), (b"{}", "a.json"), (b"{}\n", "a.jsonl"),
     (b"\0\1", "a.bin"), (b"", "a.csv"), (BAD_PAGE, "a.json")],
)  # fmt: skip
def test_what_is_no_export_gets_a_sentence(data: bytes, name: str) -> None:
    with pytest.raises(ReviewError):
        read_back(data, name)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "annotations"])
def test_thousands_of_pictures_are_never_in_memory_together(
    name: str, records: list[Record], tmp_path: Path
) -> None:
    jpeg = noise(tmp_path / "one.jpg", (300, 300)).read_bytes()  # 2,000 of them: 160 MB
    whole = replace(records[1], printed="FIG. 1")
    many = [replace(whole, key=f"{at:064d}", file=f"{at}.jpg") for at in range(2_000)]
    with (tmp_path / "out").open("wb") as out, memory_below(8_000_000):
        FORMATS[name].write(many, lambda one: jpeg + one.key.encode(), CANVAS, out)
    read = read_back((tmp_path / "out").read_bytes(), f"out{FORMATS[name].suffix}")
    assert [one.key for one in read] == [one.key for one in many]


def test_a_picture_that_is_gone_is_named(records: list[Record]) -> None:
    with pytest.raises(ReviewError, match=r"p1\.png is not here"):
        exported("xmp", records[1:2], folder_pictures({}), "")


def _none(record: Record) -> Any:
    raise AssertionError(f"no picture is needed for {record.file}")
