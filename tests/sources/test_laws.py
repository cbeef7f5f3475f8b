"""Laws that hold for any text, table, address or manifest, and some thousand damaged inputs."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import random
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engrave.errors import SourceError
from engrave.limits import one_line
from engrave.sources import open_source
from engrave.sources.addresses import checked_address
from engrave.sources.columns import MAX_CAPTION, MAX_FACET, MAX_FACETS, MAX_TITLE, facts_of
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif import Iiif, labels
from engrave.sources.keys import Keys
from engrave.sources.ledger import Ledger
from tests.sources import fuzz
from tests.sources.plates import put

quick = settings(
    deadline=None, max_examples=80, derandomize=True, suppress_health_check=list(HealthCheck)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)  # fmt: skip
iiif_names = st.sampled_from([
    "id", "@id", "type", "@type", "items", "label", "body", "service", "sequences", "canvases",
    "images", "resource", "metadata", "value", "en", "none", "@value", "motivation", "width",
    "height", "sizes", "profile", "manifests", "members", "next", "requiredStatement", "homepage",
])  # fmt: skip
iiif_words = st.sampled_from([
    "Manifest", "sc:Manifest", "Collection", "Canvas", "Image", "Choice", "SpecificResource",
    "ImageService3", "level0", "https://x.example/a", "painting",
])  # fmt: skip
iiif_pages: st.SearchStrategy[Any] = st.recursive(
    iiif_words | st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(iiif_names, inner, max_size=6),
    max_leaves=40,
)


@quick
@given(
    st.lists(st.tuples(texts, texts), min_size=1, max_size=5), st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_a_table_says_what_was_written(
    rows: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    page = io.StringIO(newline="")
    writer = csv.writer(page, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerow(["file_name", "caption", "plate mark"])
    for number, row in enumerate(rows):
        writer.writerow([f"{number}.png", *row])
    with tempfile.TemporaryDirectory() as scratch:
        folder = put(Path(scratch), *(f"{n}.png" for n in range(len(rows))), data=b"x")
        (folder / "metadata.csv").write_bytes(page.getvalue().encode(encoding))
        source = open_source(folder)
        for entry, (caption, mark) in zip(source.entries(), rows, strict=True):
            assert entry.caption == one_line(caption)
            assert entry.facets.get("plate mark", "") == one_line(mark)
    assert source.unread == []


@quick
@given(st.dictionaries(st.text(max_size=30), json_values, max_size=12))
def test_facts_of_any_row_are_short_lines(cells: dict[str, Any]) -> None:
    facts = facts_of(cells)
    assert len(facts.title) <= MAX_TITLE and len(facts.caption) <= MAX_CAPTION
    assert len(facts.facets) <= MAX_FACETS
    for text in (facts.title, facts.caption, *facts.facets, *facts.facets.values()):
        assert text.encode() is not None and one_line(text) == text.strip()
        assert len(text) <= max(MAX_CAPTION, MAX_FACET)


@quick
@given(json_values)
def test_a_label_of_any_value_is_one_line(value: Any) -> None:
    text = labels.text_of(value)
    assert text == one_line(text)


@quick
@given(iiif_pages | json_values)
def test_any_json_is_a_manifest_or_a_sentence(page: Any) -> None:
    root = page if isinstance(page, dict) else {"type": "Manifest", "items": page}
    try:
        source = Iiif(root, "m.json", Fetcher([]))
    except SourceError:
        return
    keys = [entry.key for entry in source.entries()]
    assert len(keys) == len(set(keys))
    for entry in source.entries():
        with pytest.raises(SourceError):
            entry.read()


@quick
@given(st.lists(st.text(max_size=4) | st.sampled_from(["a", "a@0", "1", "a@0~2"]), max_size=30))
def test_keys_are_unique_and_the_same_again(wanted: list[str]) -> None:
    def given_out() -> list[str]:
        keys = Keys()
        return [keys.claim(one, str(place)) for place, one in enumerate(wanted)]

    assert len(set(given_out())) == len(wanted)
    assert given_out() == given_out()


HOSTS = ("example.org", "*.iiif.example", "localhost:8080", "xn--bcher-kva.example")
pieces = st.sampled_from([
    "http://", "https://", "example.org", "evil.org", "@", ":", "/", "//", "\\", "#", "?", "%2e",
    "%00", ".", "a.iiif.example", "iiif.example", "localhost", "8080", "80", "[", "]", "::1",
    "bücher.example", "\u3002", "\uff0f", "\u2100", "ß", "user:pw@", "\t", "\n", " ", ";", "&",
    "file:",
])  # fmt: skip


@settings(quick, max_examples=400)
@given(st.lists(pieces | st.text(max_size=3), max_size=10).map("".join))
def test_only_listed_hosts_are_ever_asked(text: str) -> None:
    try:
        address = checked_address(text, HOSTS)
    except SourceError as error:
        assert "\n" not in str(error)
        return
    listed = (*HOSTS, "a.iiif.example")
    assert address.host in [host.partition(":")[0] for host in listed] or (
        address.host.endswith(".iiif.example")
    )
    assert address.port in (80, 443, 8080) and str(address).isascii()
    again = urlsplit(str(address))
    assert (again.hostname, again.username) == (address.host, None)
    assert not set(address.target) & set(" \r\n\t")


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
)


@quick
@given(st.lists(names, max_size=8), names, names)
def test_a_row_only_means_a_file_that_is_there(paths: list[str], name: str, folder: str) -> None:
    ledger = Ledger(paths, "top")
    assert ledger.find(name, folder) in (None, *paths)
    for path in paths:
        if posixpath.normpath(path) == path.strip() and not set(path) & set("/\\"):
            assert ledger.find(path, "") == path.strip() or path != path.strip()


@quick
@given(
    st.lists(
        names | st.sampled_from(["../a", "/a", "a/../../b", "./a", "C:/a", "a//b"]), max_size=8
    )
)
def test_no_member_of_a_zip_leads_out_of_it(given_names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "a.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("sure.png", b"x")
            for name in dict.fromkeys(given_names):
                packed.writestr(name + ".png", b"x")
        keys = [entry.key for entry in open_source(path).entries()]
    assert len(keys) == len(set(keys))
    assert not any(key.startswith("/") or ".." in key.split("/") for key in keys)


@pytest.mark.parametrize("kind", list(fuzz.KINDS))
def test_damaged_sources_get_a_sentence(kind: str, tmp_path: Path) -> None:
    faults = {number: fuzz.try_one(kind, number, tmp_path) for number in range(100)}
    assert {number: fault for number, fault in faults.items() if fault} == {}


def test_the_same_number_makes_the_same_input() -> None:
    for kind, (make, _) in fuzz.KINDS.items():
        dice, again = random.Random(5), random.Random(5)
        assert fuzz.mutated(make(dice), dice) == fuzz.mutated(make(again), again), kind
    assert json.loads(fuzz.a_manifest(random.Random(1)))
