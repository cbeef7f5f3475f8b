"""IIIF: manifests and Collections of both versions, and hosts that mean no good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engrave.errors import SourceError
from engrave.image import open_picture
from engrave.sources import Entry, Source, open_source
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif import Iiif, labels
from engrave.sources.iiif import source as source_module
from engrave.sources.iiif.images import sized_addresses
from tests.sources.plates import plate
from tests.sources.server import Host, send

Json = dict[str, Any]


def opened(host: Host, address: str) -> tuple[list[Entry], Source]:
    source = open_source(address, hosts=[host.name], private=True)
    return list(source.entries()), source


def service(host: Host, version: int, level: int, **more: Any) -> Json:
    if version == 3:
        return {
            "id": f"{host.base}/iiif/p",
            "type": "ImageService3",
            "profile": f"level{level}",
        } | more
    context = (
        "http://library.stanford.edu/iiif/image-api/1.1"
        if version == 1
        else "http://iiif.io/api/image/2"
    )
    name = f"{context}/context.json"
    return {
        "@context": name,
        "@id": f"{host.base}/iiif/p",
        "profile": f"{context}/level{level}.json",
    } | more


def two(german: str, english: str) -> list[Json]:
    """A value of version 2 in two languages."""
    return [{"@value": german, "@language": "de"}, {"@value": english, "@language": "en"}]


def canvas3(host: Host, number: int, **body: Any) -> Json:
    shown = {"id": f"{host.base}/p{number}.png", "type": "Image", "format": "image/png"} | body
    note = {"type": "Annotation", "motivation": "painting", "body": shown}
    return {
        "id": f"{host.base}/canvas/{number}", "type": "Canvas", "label": {"none": [f"p. {number}"]},
        "items": [{"type": "AnnotationPage", "items": [note]}],
    }  # fmt: skip


def manifest3(host: Host, path: str, *canvases: Json, **more: Any) -> Json:
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json", "id": host.base + path,
        "type": "Manifest", "label": {"en": ["A book of ships"], "de": ["Ein Buch"]},
        "items": list(canvases),
    } | more  # fmt: skip


def canvas2(host: Host, number: int, **resource: Any) -> Json:
    shown = {"@id": f"{host.base}/p{number}.png", "@type": "dctypes:Image"} | resource
    return {
        "@id": f"{host.base}/canvas/{number}", "@type": "sc:Canvas", "label": f"f. {number}r",
        "images": [{"@type": "oa:Annotation", "motivation": "sc:painting", "resource": shown}],
    }  # fmt: skip


def manifest2(host: Host, path: str, *canvases: Json, **more: Any) -> Json:
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json", "@id": host.base + path,
        "@type": "sc:Manifest", "label": "Liber navium",
        "sequences": [{"@type": "sc:Sequence", "canvases": list(canvases)}],
    } | more  # fmt: skip


def collection3(host: Host, path: str, *items: Json, **more: Any) -> Json:
    label = {"en": [f"Shelf {path}"]}
    return {
        "id": host.base + path,
        "type": "Collection",
        "label": label,
        "items": list(items),
    } | more


def refer(host: Host, path: str, kind: str = "Manifest") -> Json:
    return {"id": host.base + path, "type": kind, "label": {"en": [path]}}


def test_a_manifest_of_version_3(host: Host) -> None:
    page = manifest3(
        host, "/m", canvas3(host, 1), canvas3(host, 2) | {"summary": {"en": ["two <b>ships</b>"]}},
        metadata=[
            {"label": {"en": ["Artist"]}, "value": {"none": ["W. Hollar", "Workshop"]}},
            {"label": {"en": ["Date"]}, "value": {"en": ["<i>ca.</i> 1647 &amp; later"]}},
            {"label": {"en": ["Shelf mark"]}, "value": {"en": ["K 12"]}},
        ],
        rights="http://creativecommons.org/publicdomain/mark/1.0/",
        requiredStatement={"label": {"en": ["Attribution"]}, "value": {"en": ["The Library"]}},
        homepage=[{"id": "https://library.example/book", "type": "Text"}],
    )  # fmt: skip
    host.put("/p1.png", plate(), "image/png")
    found, source = opened(host, host.put_json("/m", page))
    assert (source.name, source.count, source.unread) == ("A book of ships", 2, [])
    assert [entry.key for entry in found] == [f"{host.base}/canvas/1", f"{host.base}/canvas/2"]
    assert (found[0].title, found[1].caption) == ("p. 1", "two ships")
    assert found[0].facets == {
        "book": "A book of ships", "author": "W. Hollar; Workshop", "year": "1647",
        "date": "ca. 1647 & later", "shelf mark": "K 12", "required statement": "The Library",
        "rights": "http://creativecommons.org/publicdomain/mark/1.0/",
        "url": "https://library.example/book",
    }  # fmt: skip
    assert found[0].address == "https://library.example/book"
    assert open_picture(found[0].read()).size == (96, 80)


def test_a_manifest_of_version_2(host: Host) -> None:
    page = manifest2(
        host, "/m", canvas2(host, 1), canvas2(host, 2),
        metadata=[
            {"label": two("Ort", "Place"), "value": two("Köln", "Cologne")},
            {"label": "Creator", "value": ["A", "B"]},
        ],
        attribution="The Museum", license="https://creativecommons.org/publicdomain/zero/1.0/",
        related={"@id": "https://museum.example/1", "format": "text/html"},
    )  # fmt: skip
    host.put("/p2.png", plate(), "image/png")
    found, source = opened(host, host.put_json("/m", page))
    assert source.count == 2
    assert found[1].facets == {
        "book": "Liber navium", "place": "Cologne", "author": "A; B",
        "required statement": "The Museum", "url": "https://museum.example/1",
        "rights": "https://creativecommons.org/publicdomain/zero/1.0/",
    }  # fmt: skip
    assert found[1].title == "f. 2r"
    assert open_picture(found[1].read())


def test_a_single_print_is_called_as_its_manifest(host: Host) -> None:
    page = manifest3(host, "/m", canvas3(host, 1), summary={"en": ["a storm"]})
    (entry,), _ = opened(host, host.put_json("/m", page))
    assert (entry.title, entry.caption) == ("A book of ships", "a storm")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"), (["a", "b", "a"], "a; b"), (None, ""), (7, "7"), (True, ""), ({}, ""),
        ({"fr": ["navire"], "en": ["ship"]}, "ship"), ({"fr": ["navire"], "none": ["x"]}, "x"),
        ({"fr": ["navire"], "de": ["Schiff"]}, "navire"), ({"en-GB": ["colour"]}, "colour"),
        ({"en": [], "de": ["Schiff"]}, "Schiff"), ({"en": "bare"}, "bare"), ({"en": [None]}, ""),
        ([{"@value": "Schiff", "@language": "de"}, {"@value": "ship", "@language": "en"}], "ship"),
        ({"@value": "<a href='x'>ship</a>"}, "ship"), ([["deep"]], ""), ("a\0b\n\u202ec", "ab c"),
        ("&lt;b&gt;", "<b>"), ("2 < 3", "2 < 3"),
    ],
)  # fmt: skip
def test_labels(value: Any, text: str) -> None:
    assert labels.text_of(value) == text


SIZED = [  # version, level, more facts of the service, size of the picture -> what is asked for
    (3, 2, {}, (4000, 2000), "full/1024,/0/default.jpg"),
    (3, 1, {}, (2000, 4000), "full/512,/0/default.jpg"),
    (2, 2, {}, (4000, 2000), "full/1024,/0/default.jpg"),
    (1, 1, {}, (4000, 2000), "full/1024,/0/native.jpg"),
    (2, 1, {}, (900, 700), "full/full/0/default.jpg"),
    (3, 2, {}, (900, 700), "full/max/0/default.jpg"),
    (3, 2, {"maxWidth": 600}, (4000, 2000), "full/600,/0/default.jpg"),
    (3, 2, {}, (0, 0), "full/!1024,1024/0/default.jpg"),
    (3, 0, {"sizes": [{"width": 600, "height": 300}, {"width": 2000, "height": 1000},
                      {"width": 4000, "height": 2000}]}, (4000, 2000),
     "full/2000,1000/0/default.jpg"),
    (2, 0, {"sizes": [{"width": 300, "height": 150}, {"width": 600, "height": 300}]}, (4000, 2000),
     "full/600,/0/default.jpg"),
    (2, 0, {}, (4000, 2000), "full/full/0/default.jpg"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "level", "more", "size", "asked"), SIZED)
def test_the_size_that_is_asked_for(
    host: Host, version: int, level: int, more: Json, size: tuple[int, int], asked: str
) -> None:
    told = {"width": size[0], "height": size[1]} | service(host, version, level, **more)
    assert next(sized_addresses(told, "x", has_file=False)) == f"x/{asked}"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_service_is_asked_for_a_size(host: Host, version: int) -> None:
    body = {"width": 4000, "height": 3000, "service": [service(host, version, 2)]}
    last = "native" if version == 1 else "default"
    host.put(f"/iiif/p/full/1024,/0/{last}.jpg", plate(kind="JPEG"), "image/jpeg")
    (entry,), _ = opened(host, host.put_json("/m", manifest3(host, "/m", canvas3(host, 1, **body))))
    assert open_picture(entry.read()).size == (96, 80)
    assert host.asked[-1] == f"/iiif/p/full/1024,/0/{last}.jpg"


def test_a_service_that_says_little_is_asked_what_it_can(host: Host) -> None:
    body = {"service": {"@id": f"{host.base}/iiif/p", "type": "ImageService2"}}
    info = {"width": 5000, "height": 2500, "profile": ["http://iiif.io/api/image/2/level1.json"]}
    host.put_json("/iiif/p/info.json", info)
    host.put("/iiif/p/full/1024,/0/default.jpg", plate(), "image/png")
    (entry,), _ = opened(host, host.put_json("/m", manifest3(host, "/m", canvas3(host, 1, **body))))
    assert open_picture(entry.read())
    assert host.asked[-2:] == ["/iiif/p/info.json", "/iiif/p/full/1024,/0/default.jpg"]


@pytest.mark.parametrize("answer", ["missing", "text", "empty"])
def test_a_service_that_fails_leaves_the_file_itself(host: Host, answer: str) -> None:
    body = {"width": 4000, "height": 3000, "service": service(host, 2, 0)}
    if answer != "missing":
        told = b"<html>not here</html>" if answer == "text" else b""
        for size in ("full", "1024,"):
            host.put(f"/iiif/p/full/{size}/0/default.jpg", told, "text/html")
    host.put("/p1.png", plate(), "image/png")
    (entry,), _ = opened(host, host.put_json("/m", manifest3(host, "/m", canvas3(host, 1, **body))))
    assert open_picture(entry.read())
    del host.answers["/p1.png"]
    with pytest.raises(SourceError, match=r"404|holds a text and no picture"):
        entry.read()


def test_choices_parts_and_several_pictures(host: Host) -> None:
    canvas = canvas3(host, 1)
    image = canvas["items"][0]["items"][0]["body"]
    canvas["items"][0]["items"] = [
        {"motivation": "painting", "body": {
            "type": "Choice", "items": [image, image | {"id": "x"}]}},
        {"motivation": ["painting"], "body": {
            "type": "SpecificResource", "source": image | {"id": f"{host.base}/p2.png"}}},
        {"motivation": "commenting", "body": image},
    ]  # fmt: skip
    choice2 = {
        "@type": "oa:Choice",
        "default": {"@id": "y", "@type": "dctypes:Image"},
        "item": ["rdf:nil"],
    }
    second = canvas2(host, 2)
    second["images"][0]["resource"] = choice2
    found, source = opened(host, host.put_json("/m", manifest3(host, "/m", canvas)))
    assert [entry.key for entry in found] == [
        f"{host.base}/canvas/1", f"{host.base}/canvas/1@{host.base}/m#2",
    ]  # fmt: skip
    assert source.count == 2
    assert len(opened(host, host.put_json("/m2", manifest2(host, "/m2", second)))[0]) == 1


def test_canvases_without_a_picture_are_listed(host: Host) -> None:
    page = manifest3(
        host, "/m", canvas3(host, 1), canvas3(host, 2, type="Video", format="video/mp4"),
        {"id": "urn:empty", "type": "Canvas"}, "nonsense", {"type": "Range"},
    )  # fmt: skip
    found, source = opened(host, host.put_json("/m", page))
    assert len(found) == 1
    assert [sentence for _, sentence in source.unread] == [
        f"Canvas {host.base}/canvas/2 shows no picture (Video).",
        "Canvas urn:empty shows no picture (it is empty).",
    ]


def test_a_collection_is_walked_in_its_order(host: Host) -> None:
    for number in (1, 2, 3):
        host.put_json(f"/m{number}", manifest3(host, f"/m{number}", canvas3(host, number)))
    host.put_json("/inner", collection3(host, "/inner", refer(host, "/m2"), refer(host, "/m1")))
    address = host.put_json(
        "/top",
        collection3(host, "/top", refer(host, "/m1"), refer(host, "/inner", "Collection"),
                    refer(host, "/gone"), refer(host, "/m3")),
    )  # fmt: skip
    found, source = opened(host, address)
    assert [entry.key[-1] for entry in found] == ["1", "2", "3"]
    assert [entry.facets["collection"] for entry in found] == [
        "Shelf /top", "Shelf /inner", "Shelf /top",
    ]  # fmt: skip
    assert source.count is None and source.name == "Shelf /top"
    assert [key for key, _ in source.unread] == [f"{host.base}/gone"]
    assert [entry.key for entry in source.entries()] == [entry.key for entry in found]


def test_a_collection_of_version_2_with_pages(host: Host) -> None:
    for number in (1, 2):
        host.put_json(f"/m{number}", manifest2(host, f"/m{number}", canvas2(host, number)))
    first = {"@id": host.base + "/c?page=1", "@type": "sc:Collection",
             "manifests": [{"@id": host.base + "/m1", "@type": "sc:Manifest"}],
             "next": host.base + "/c?page=2"}  # fmt: skip
    second = {"@id": host.base + "/c?page=2", "@type": "sc:Collection",
              "members": [{"@id": "/m2", "@type": "sc:Manifest"}, host.base + "/m1"]}  # fmt: skip
    host.put_json("/c?page=1", first)
    host.put_json("/c?page=2", second)
    top = {"@id": host.base + "/c", "@type": "sc:Collection", "label": "All", "first": first["@id"]}
    assert [e.key[-1] for e in opened(host, host.put_json("/c", top))[0]] == ["1", "2"]


def test_loops_end(host: Host) -> None:
    host.put_json("/m", manifest3(host, "/m", canvas3(host, 1)))
    for here, there in [("/a", "/b"), ("/b", "/a")]:
        host.put_json(here, collection3(
            host, here, refer(host, here, "Collection"), refer(host, f"{there}#x", "Collection"),
            refer(host, "/m"), refer(host, "/m"), next={"id": host.base + here},
        ))  # fmt: skip
    found, source = opened(host, host.base + "/a")
    assert (len(found), source.unread) == (1, [])
    assert sorted(host.asked) == ["/a", "/b", "/m"]


def test_a_host_that_names_ever_new_pages(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(dict[str, Callable[[Any], None]]):
        def get(self, path: str, default: Any = None) -> Any:
            number = int(path.rpartition("/")[2] or 0)
            items = [refer(host, f"/n/{2 * number + step}", "Collection") for step in (1, 2)]
            page = collection3(host, path, *items)
            return lambda handler: send(handler, 200, json.dumps(page).encode(), "")

    host.answers = Endless()
    monkeypatch.setattr(source_module, "MAX_PAGES", 100)
    found, source = opened(host, f"{host.base}/n/0")
    assert found == [] and len(host.asked) <= 101
    assert any("more than 100 pages" in sentence for _, sentence in source.unread)


def test_nesting_ends(host: Host) -> None:
    for number in range(40):
        deeper = refer(host, f"/{number + 1}", "Collection")
        host.put_json(f"/{number}", collection3(host, f"/{number}", deeper))
    _, source = opened(host, host.base + "/0")
    assert len(host.asked) == 31 and "nested deeper than 30" in source.unread[0][1]


def test_pictures_of_hosts_that_nobody_listed(host: Host) -> None:
    page = manifest3(
        host, "/m", *(canvas3(host, n, id=address) for n, address in enumerate((
            "http://169.254.169.254/latest", "file:///etc/passwd", "https://evil.example/x.png",
            "http://localhost/x.png", "data:image/png;base64,AAAA", "relative.png",
        ))),
    )  # fmt: skip
    found, _ = opened(host, host.put_json("/m", page))
    assert len(found) == 6
    for entry in found:
        with pytest.raises(SourceError, match=r"may be asked|no address that is asked"):
            entry.read()


def test_a_collection_leads_to_no_other_host(host: Host) -> None:
    page = collection3(
        host, "/c", {"id": "http://10.0.0.1/m", "type": "Manifest"},
        {"id": "file:///etc/passwd", "type": "Manifest"},
    )  # fmt: skip
    found, source = opened(host, host.put_json("/c", page))
    assert (found, len(source.unread)) == ([], 2)


def test_addresses_need_a_listed_host(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    address = host.put_json("/m", manifest3(host, "/m", canvas3(host, 1)))
    monkeypatch.delenv("ENGRAVE_HOSTS", raising=False)
    with pytest.raises(SourceError, match="ENGRAVE_HOSTS lists none"):
        open_source(address)
    monkeypatch.setenv("ENGRAVE_HOSTS", host.name)
    with pytest.raises(SourceError, match="no public address"):
        open_source(address)
    assert open_source(address, private=True).count == 1


def test_a_manifest_as_a_file(host: Host, tmp_path: Path) -> None:
    host.put("/p1.png", plate(), "image/png")
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest3(host, "/m", canvas3(host, 1))))
    (entry,) = open_source(path, hosts=[host.name], private=True).entries()
    assert open_picture(entry.read())
    (entry,) = open_source(path, hosts=["other.example"]).entries()
    with pytest.raises(SourceError, match="not among the hosts"):
        entry.read()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<html>", "is no JSON"), (b"[1]", "is JSON, but no IIIF"), (b"{}", "is no IIIF manifest"),
        (b'{"type": "AnnotationPage"}', "is no IIIF manifest"), (b"[" * 200_000, "is no JSON"),
        (b'{"type": ["Manifest"]}', "is no IIIF"), (b"\xff\xfe", "is no JSON"), (b"", "is no JSON"),
        (b'{"type": "Manifest", "items": []}', "shows no picture"),
        (b'{"type": "Manifest", "items": {"a": 1}, "label": 7}', "shows no picture"),
    ],
)  # fmt: skip
def test_what_is_no_manifest(host: Host, tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "m.json").write_bytes(data)
    for what in (str(tmp_path / "m.json"), host.put("/m", data)):
        with pytest.raises(SourceError, match=sentence):
            open_source(what, hosts=[host.name], private=True)


def test_a_manifest_larger_than_is_read(host: Host) -> None:
    with pytest.raises(SourceError, match="more than 20 MB"):
        opened(host, host.put("/m", b" " * 20_000_001))


def test_odd_values_everywhere_are_survived(host: Host) -> None:
    """Each value of a good manifest is exchanged, one by one, for values that nobody expects."""
    body = {"width": 4000, "height": 3000, "service": [service(host, 3, 0, sizes=[{"width": 1}])]}
    good = manifest3(
        host, "/m", canvas3(host, 1, **body), metadata=[{"label": {"en": ["a"]}, "value": "b"}],
        requiredStatement={"label": "a", "value": "b"}, homepage=[{"id": "x"}], rights="r",
    )  # fmt: skip
    fetcher = Fetcher([])
    for odd in (None, 7, -1.5, True, "", "text", [], [[]], {}, {"a": {}}, [None], 10**400):
        for page in exchanged(good, odd):
            try:
                source = Iiif(page, "m", fetcher)
                found = list(source.entries())
            except SourceError:
                continue
            for entry in found:
                with pytest.raises(SourceError):
                    entry.read()


def exchanged(page: Any, odd: Any) -> list[Any]:
    """Return the page once for each value in it, with that value exchanged."""
    found = []
    if isinstance(page, dict):
        for name, value in page.items():
            found += [page | {name: one} for one in [odd, *exchanged(value, odd)]]
    elif isinstance(page, list):
        for place, value in enumerate(page):
            for one in [odd, *exchanged(value, odd)]:
                found.append([*page[:place], one, *page[place + 1 :]])
    return found


@pytest.mark.parametrize("address", ["http://[", "//[", "http://[::1", "https://a.example:x/"])
def test_what_is_no_address_is_listed(address: str) -> None:
    page: Json = {
        "type": "Collection", "id": "https://a.example/c",
        "items": [{"id": address, "type": "Manifest"}],
    }  # fmt: skip
    source = Iiif(page, "c", Fetcher(["a.example"]))
    assert list(source.entries()) == []
    assert any(address in sentence for _, sentence in source.unread)
    broken: Json = {"type": "Collection", "id": address, "items": []}
    assert list(Iiif(broken, "c", Fetcher([])).entries()) == []
