"""What a sentence names is short and harmless, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from engrave.errors import SourceError
from engrave.sources import open_source
from engrave.sources.addresses import checked_address
from engrave.sources.fetch import Fetcher
from engrave.sources.iiif import Iiif, read_page
from engrave.sources.words import printable, shown
from tests.sources import fuzz
from tests.sources.plates import put


def test_long_and_hidden_letters() -> None:
    assert shown("a\nb\x1b[31m\u202ec\ud800") == "a b[31mc"
    assert len(shown("x" * 5_000)) == 153
    assert printable("a\nb\x1b\u202e.png") == "a\\nb\\x1b\\u202e.png"
    assert printable("Br\u00fccke \u6a4b.png") == "Br\u00fccke \u6a4b.png"


def test_files_whose_names_a_terminal_would_obey(tmp_path: Path) -> None:
    put(tmp_path, "a\nb.png", "\x1b[2Jc.svg")
    source = open_source(tmp_path)
    (entry,) = source.entries()
    for text in (entry.key, entry.address, *source.unread[0]):
        assert text.isprintable()
    assert entry.read()


def test_a_host_of_a_thousand_letters() -> None:
    with pytest.raises(SourceError) as raised:
        checked_address(f"https://{'x' * 3_000}.example/", [])
    assert len(str(raised.value)) < 500


def test_ids_with_half_letters() -> None:
    page = (
        b'{"type": "Manifest", "id": "m\\ud800", "items": [{"id": "c\\ud800", "type": "Canvas",'
        b'"items": [{"items": [{"body": {"id": "u\\ud800", "type": "Image"}}]}]}]}'
    )
    (entry,) = Iiif(read_page(page, "m"), "m", Fetcher([])).entries()
    assert (entry.key, entry.address) == ("c", "m")


@pytest.mark.parametrize(
    ("kind", "number"),
    [("iiif", 1087), ("iiif", 6510), ("csv", 1322), ("csv", 1507), ("csv", 2431), ("csv", 3616)],
)
def test_what_the_fuzzer_found(kind: str, number: int, tmp_path: Path) -> None:
    assert fuzz.try_one(kind, number, tmp_path) == ""
