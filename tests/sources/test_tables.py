"""Tables beside pictures: CSV in any dress, JSON lines, and rows that name nothing."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from engrave.errors import SourceError
from engrave.image import open_picture
from engrave.sources import Entry, Source, open_source
from engrave.sources import entry as entry_module
from engrave.sources import tables as tables_module
from tests.sources.plates import memory_below, plate, put
from tests.sources.server import Host


def read(what: Path) -> tuple[dict[str, Entry], Source]:
    source = open_source(what)
    return {entry.key: entry for entry in source.entries()}, source


def test_a_table_gives_title_caption_and_facets(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "sea/b.png").joinpath("metadata.csv").write_text(
        "file_name,title,caption,artist,date,medium,shelf mark,object url,licence\n"
        "a.png,The Tower,a tower by a road,A. Dürer,about 1498,woodcut,K 12,https://x.org/1,CC0\n"
        "sea/b.png,,,,1612,,,,\n"
    )
    found, source = read(tmp_path)
    entry = found["a.png"]
    assert (entry.title, entry.caption) == ("The Tower", "a tower by a road")
    assert entry.facets == {
        "author": "A. Dürer", "year": "1498", "date": "about 1498", "technique": "woodcut",
        "shelf mark": "K 12", "url": "https://x.org/1", "rights": "CC0",
    }  # fmt: skip
    assert entry.address == "https://x.org/1"
    assert found["sea/b.png"].facets == {"folder": "sea", "year": "1612"}
    assert (source.count, source.unread) == (2, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_dress(tmp_path: Path, delimiter: str, encoding: str, end: str) -> None:
    page = io.StringIO(newline="")
    writer = csv.writer(page, delimiter=delimiter, lineterminator=end)
    said = 'Schloß "Bürg", rechts; links\tdie Brücke | der Weg\nund der Turm'
    writer.writerows([["Dateiname", "Titel"], ["a.png", said], ["b.png", "Straße"]])
    put(tmp_path, "a.png", "b.png").joinpath("list.csv").write_bytes(
        page.getvalue().encode(encoding)
    )
    found, source = read(tmp_path)
    assert found["a.png"].title == " ".join(said.split())
    assert found["b.png"].title == "Straße"
    assert source.unread == []


def test_the_line_that_excel_writes_first(tmp_path: Path) -> None:
    put(tmp_path, "a.png").joinpath("a.csv").write_text("sep=|\nfile|title\na.png|Tower\n")
    assert read(tmp_path)[0]["a.png"].title == "Tower"


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"file_name": "a.png", "text": "a ship", "tags": ["sea", "gale"], "year": 1700}),
        "", "{broken", "[1, 2]", "[" * 100_000, '{"file_name": "a.png", "n": ' + "9" * 6000 + "}",
        json.dumps({"file_name": "none.png"}), json.dumps({"title": "nothing"}),
    ]  # fmt: skip
    put(tmp_path, "train/a.png").joinpath("train/metadata.jsonl").write_text("\n".join(lines))
    found, source = read(tmp_path)
    entry = found["train/a.png"]
    assert entry.caption == "a ship"
    assert entry.facets == {
        "folder": "train", "split": "train", "tags": "sea; gale", "year": "1700",
    }  # fmt: skip
    listed = dict(source.unread)
    assert set(listed) == {f"train/metadata.jsonl#row {n}" for n in (3, 4, 5, 6, 7, 8)}
    assert (
        "Row 7 of train/metadata.jsonl names 'none.png', which is not there"
        in (listed["train/metadata.jsonl#row 7"])
    )


def test_both_tables_speak_and_the_first_has_the_last_word(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    (tmp_path / "1.csv").write_text("file,title\na.png,First\na.png,Again\n")
    (tmp_path / "2.jsonl").write_text('{"file": "a.png", "title": "Second", "subject": "sea"}\n')
    found, source = read(tmp_path)
    assert (found["a.png"].title, found["a.png"].facets) == ("First", {"subject": "sea"})
    assert [key for key, _ in source.unread] == ["1.csv#row 2"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("plates/A.png", "plates/A.png"), ("PLATES/a.PNG", "plates/A.png"), ("A", "plates/A.png"),
        ("plates\\A.png", "plates/A.png"), ("C:\\scans\\A.png", "plates/A.png"),
        ("./plates/../plates/A.png", "plates/A.png"), ("A.tif", None), ("twin.png", None),
        ("left/twin", "left/twin.png"), ("Schlo\u00df-u\u0308ber.png", "Schlo\u00df-\u00fcber.png"),
        ("../../etc/passwd", None), ("", None),
    ],
)  # fmt: skip
def test_names_that_people_take_for_the_same(tmp_path: Path, name: str, file: str | None) -> None:
    put(tmp_path, "plates/A.png", "left/twin.png", "right/twin.png", "Schlo\u00df-\u00fcber.png")
    with (tmp_path / "list.csv").open("w", newline="") as page:
        csv.writer(page).writerows([["file name", "title"], [name, "Here"]])
    found, source = read(tmp_path)
    titled = [key for key, entry in found.items() if entry.title == "Here"]
    assert titled == ([file] if file else [])
    assert bool(source.unread) == (file is None)


def test_a_mac_spells_its_letters_apart(tmp_path: Path) -> None:
    put(tmp_path, unicodedata.normalize("NFD", "Brücke.png"))
    (tmp_path / "list.csv").write_text("file,title\nBrücke.png,Bridge\n")
    assert [entry.title for entry in read(tmp_path)[0].values()] == ["Bridge"]


@pytest.mark.parametrize("name", ["box/sea/a.png", "sea/a.png"])
def test_a_table_may_lie_beside_its_folder(tmp_path: Path, name: str) -> None:
    put(tmp_path / "box", "sea/a.png", "land/a.png")
    (tmp_path / "box.csv").write_text(f"file,title\n{name},Sea\n")
    assert {key: entry.title for key, entry in read(tmp_path / "box")[0].items()} == {
        "land/a.png": "", "sea/a.png": "Sea",
    }  # fmt: skip


def test_a_table_alone_takes_the_pictures_that_it_names(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.svg", "sub/c.png")
    (tmp_path / "list.csv").write_text("file,title\nsub/c.png,C\na.png,A\nd.png,D\n")
    found, source = read(tmp_path / "list.csv")
    assert {key: entry.title for key, entry in found.items()} == {"a.png": "A", "sub/c.png": "C"}
    assert (source.name, source.count) == ("list", 2)
    assert [key for key, _ in source.unread] == ["list.csv#row 3"]


def test_a_table_that_names_nothing_here(tmp_path: Path) -> None:
    put(tmp_path, "a.png").joinpath("list.csv").write_text("file,title\nz.png,Z\n")
    with pytest.raises(SourceError, match="names no picture that can be read"):
        open_source(tmp_path / "list.csv")


def test_a_column_is_found_by_what_stands_in_it(tmp_path: Path) -> None:
    put(tmp_path, "a.png").joinpath("list.csv").write_text("Nr,Abb.,titre\n1,a.png,Tour\n")
    assert read(tmp_path)[0]["a.png"].title == "Tour"


def test_a_table_about_something_else_is_told_once(tmp_path: Path) -> None:
    put(tmp_path, "a.png").joinpath("visits.csv").write_text("day,visits\n" + "1,2\n" * 50)
    _, source = read(tmp_path)
    assert [sentence for _, sentence in source.unread] == [
        "Row 1 of visits.csv names no file (columns: day, visits); a column file_name is needed."
    ]


@pytest.mark.parametrize("before", ["", '"'])
def test_a_cell_of_a_hundred_megabytes(tmp_path: Path, before: str) -> None:
    put(tmp_path, "a.png", "b.png", "c.png")
    with (tmp_path / "list.csv").open("w") as page:
        page.write("file,title\na.png,Tower\nb.png," + before)
        for _ in range(100):
            page.write("x" * 1_000_000)
        page.write(before + "\nc.png,Hill\n")
    with memory_below(20_000_000):
        found, source = read(tmp_path)
    assert {key: entry.title for key, entry in found.items()} == {
        "a.png": "Tower", "b.png": "", "c.png": "Hill",
    }  # fmt: skip
    assert "more than 1,000,000 characters" in source.unread[0][1]


def test_many_rows_need_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_module, "MAX_UNREAD", 100)
    put(tmp_path, "a.png")
    with (tmp_path / "list.jsonl").open("w") as page:
        for number in range(3_000):
            page.write(f'{{"file": "{number}.png", "title": "{"word " * 5_000}"}}\n')
    with memory_below(10_000_000):
        _, source = read(tmp_path)
    assert len(source.unread) == 101
    assert "More than 100 could not be read" in source.unread[-1][1]


def test_names_with_half_a_letter(tmp_path: Path) -> None:
    rows = '{"file": "\\ud800.png"}\n{"file": "a.png", "title": "To\\udfffwer", "\\ud8ff": "x"}\n'
    put(tmp_path, "a.png").joinpath("list.jsonl").write_text(rows)
    found, source = read(tmp_path)
    assert (found["a.png"].title, list(found["a.png"].facets)) == ("Tower", [])
    for text in (key + sentence for key, sentence in source.unread):
        assert text.encode()


@pytest.mark.parametrize("limit", [131_072, 10_000_000], ids=["first", "after a table was read"])
def test_a_cell_of_many_lines_and_a_quote_never_closed(tmp_path: Path, limit: int) -> None:
    csv.field_size_limit(limit)
    put(tmp_path, "a.png", "b.png")
    rows = 'file,title\na.png,Tower\nb.png,"' + "word\n" * 200_000
    (tmp_path / "list.csv").write_text(rows)
    found, source = read(tmp_path)
    assert found["a.png"].title == "Tower"
    assert "a quote that is never closed" in source.unread[0][1]


def test_rows_of_another_length(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.png").joinpath("list.csv").write_text(
        "file,title,year\na.png,Tower\nb.png,Hill,1700,,,\nc.png,Sea, storm,1701\n\n,,\n"
    )
    found, source = read(tmp_path)
    assert [entry.title for entry in found.values()] == ["Tower", "Hill", ""]
    assert [key for key, _ in source.unread] == ["list.csv#row 3"]
    assert "has 4 cells and the header 3" in source.unread[0][1]


def test_a_table_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "MAX_TABLE_CHARACTERS", 1_000)
    put(tmp_path, "a.png").joinpath("list.csv").write_text("file\na.png\n" + "none.png\n" * 1_000)
    found, source = read(tmp_path)
    assert len(found) == 1 and "divide it" in source.unread[-1][1]


def test_a_table_of_zeros_and_an_empty_one(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    put(tmp_path, "zeros.csv", data=bytes(100_000))
    put(tmp_path, "empty.csv", "empty.jsonl", data=b"")
    assert list(read(tmp_path)[0]) == ["a.png"]


def test_rows_may_name_addresses(host: Host, tmp_path: Path) -> None:
    host.put("/a.png", plate(), "image/png")
    rows = (
        f"image_url,title\n{host.base}/a.png,Tower\nb.png,Hill\nhttps://evil.example/x.png,X\n"
        f"{host.base}/a.png,Again\nfile:///etc/passwd,Y\n{host.base}/gone.png,Gone\n"
    )
    put(tmp_path, "b.png", "c.png").joinpath("list.csv").write_text(rows)
    for what, keys in [("list.csv", ["b.png"]), ("", ["b.png", "c.png"])]:
        source = open_source(tmp_path / what, hosts=[host.name], private=True)
        found = {entry.key: entry for entry in source.entries()}
        assert list(found) == [*keys, f"{host.base}/a.png", f"{host.base}/gone.png"]
        assert source.count == len(found)
        assert open_picture(found[f"{host.base}/a.png"].read()).size == (96, 80)
        assert found[f"{host.base}/a.png"].title == "Tower"
        with pytest.raises(SourceError, match="404"):
            found[f"{host.base}/gone.png"].read()
        assert [key for key, _ in source.unread] == [f"list.csv#row {n}" for n in (3, 4, 5)]
        assert "evil.example is not among the hosts" in source.unread[0][1]


def test_addresses_without_a_list_of_hosts(host: Host, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"image_url,title\n{host.base}/a.png,Tower\n")
    with pytest.raises(SourceError, match="ENGRAVE_HOSTS lists none"):
        open_source(tmp_path / "list.csv")
    assert host.asked == []


def test_a_row_of_cells_without_end(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    with (tmp_path / "list.csv").open("w") as page:
        page.write('file,title\na.png,Tower\nb.png,"\n')
        for _ in range(20):  # each line closes the quote of the one before, and opens one
            page.write('"' + "," * 900_000 + '"\n')
    with memory_below(120_000_000):
        found, source = read(tmp_path)
    assert found["a.png"].title == "Tower"
    assert any("never closed" in sentence for _, sentence in source.unread)
