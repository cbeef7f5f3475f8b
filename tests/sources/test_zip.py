"""ZIPs: the same as folders, and nothing that a hostile one tries."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from engrave.errors import EngraveError, PictureError, SourceError
from engrave.image import open_picture
from engrave.sources import archive, open_source
from tests.sources.plates import memory_below, plate


def pack(path: Path, members: dict[str, bytes], **settings: int) -> Path:
    with zipfile.ZipFile(path, "w", **settings) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def test_pictures_of_a_zip(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "box.zip",
        {
            "sea/b.png": plate(), "a.png": plate(), "__MACOSX/._a.png": b"x", "notes.txt": b"x",
            "./c.png": plate(), "scan": plate(), "d.svg": b"<svg/>",
            "metadata.csv": b"file_name;title\nsea/b.png;Ship\nnone.png;None\n",
        },
    )  # fmt: skip
    source = open_source(path)
    found = {entry.key: entry for entry in source.entries()}
    assert list(found) == ["c.png", "a.png", "scan", "sea/b.png"]
    assert (source.name, source.count) == ("box", 4)
    assert (found["sea/b.png"].title, found["sea/b.png"].facets) == ("Ship", {"folder": "sea"})
    assert all(open_picture(entry.read()).size == (96, 80) for entry in found.values())
    assert [key for key, _ in source.unread] == ["d.svg", "metadata.csv#row 2"]


def test_a_table_beside_a_zip(tmp_path: Path) -> None:
    path = pack(tmp_path / "box.zip", {"a.png": plate()})
    (tmp_path / "box.jsonl").write_text('{"file": "a.png", "title": "Tower"}')
    assert [entry.title for entry in open_source(path).entries()] == ["Tower"]


def test_paths_that_lead_out_and_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "box.zip", "w") as packed:
        for name in ("../../up.png", "/root.png", "C:\\disk.png", "in/../../x.png", "fine.png"):
            packed.writestr(name, plate())
        packed.writestr(link, b"/etc/passwd")
    source = open_source(tmp_path / "box.zip")
    assert [entry.key for entry in source.entries()] == ["fine.png"]
    listed = dict(source.unread)
    assert set(listed) == {
        "../../up.png", "/root.png", "C:/disk.png", "in/../../x.png", "link.png",
    }  # fmt: skip
    assert "leads out of the archive" in listed["../../up.png"]
    assert "is a link" in listed["link.png"]


def test_locked_and_unusual_members_and_twins(tmp_path: Path) -> None:
    path = tmp_path / "box.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, method in [("a.png", 0), ("b.png", zipfile.ZIP_LZMA), ("c.png", 0), ("d.png", 0)]:
            packed.writestr(zipfile.ZipInfo(name), plate(), method)
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("a.png", plate("hill"))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"c.png"))
    data[at + 8] |= 1  # the flag of a member that is locked
    path.write_bytes(data)
    source = open_source(path)
    assert [entry.key for entry in source.entries()] == ["a.png", "d.png"]
    listed = dict(source.unread)
    assert "name of another file" in listed["a.png"]
    assert "unusual way" in listed["b.png"]
    assert "locked with a password" in listed["c.png"]


def test_a_bomb_of_one_member_is_cut(tmp_path: Path) -> None:
    path = pack(tmp_path / "b.zip", {"a.bmp": bytes(200_000_000)}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 300_000
    with pytest.raises(PictureError, match="more than 30 MB"):
        next(iter(open_source(path).entries())).read()


def test_a_bomb_of_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ALWAYS_FINE_BYTES", 100_000_000)
    members = {f"{number}.bmp": bytes(20_000_000) for number in range(10)}
    path = pack(tmp_path / "bomb.zip", members, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(SourceError, match=r"would unpack to 0\.2 GB, more than 100 times"):
        open_source(path)


def crowd(path: Path, count: int, told: int) -> Path:
    """A ZIP whose list has so many members, and whose end tells another number."""
    with path.open("wb") as file:
        one = b"PK\1\2" + bytes(24) + struct.pack("<H", 5) + bytes(16) + b"a.png"
        for _ in range(0, count, 1_000):
            file.write(one * 1_000)
        size = file.tell()
        if size < 2**32 and told < 2**16:
            file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, told, told, size, 0, 0))
        else:
            file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, told, told, size, 0))
            file.write(struct.pack("<4sLQL", b"PK\6\7", 0, size, 1))
            file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 0, 0))
    return path


@pytest.mark.parametrize(
    ("count", "told"), [(10_000_000, 10_000_000), (10_000_000, 3), (300_000, 3)]
)
def test_ten_million_members_are_refused_early(tmp_path: Path, count: int, told: int) -> None:
    path = crowd(tmp_path / "crowd.zip", count, told)
    with memory_below(100_000_000), pytest.raises(SourceError, match="more than 200,000 files"):
        open_source(path)


def test_a_table_that_swells_is_read_with_little_memory(tmp_path: Path) -> None:
    rows = b"file,title\na.png,Tower\n" + b"x" * 50_000_000
    path = pack(
        tmp_path / "b.zip", {"a.png": plate(), "m.csv": rows}, compression=zipfile.ZIP_DEFLATED
    )
    source = open_source(path)
    assert [entry.title for entry in source.entries()] == ["Tower"]
    assert "more than 1,000,000 characters" in source.unread[0][1]


def test_damage_is_told(tmp_path: Path) -> None:
    path = pack(tmp_path / "box.zip", {"a.png": plate(), "b.png": plate("hill")})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(SourceError, match="is damaged or cut short"):
        open_source(path)
    hurt = bytearray(whole)
    hurt[200] ^= 0xFF  # within the picture
    path.write_bytes(hurt)
    entry = next(iter(open_source(path).entries()))
    with pytest.raises(SourceError, match=r"a\.png cannot be opened \(it is damaged"):
        entry.read()


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no picture"):
        open_source(pack(tmp_path / "box.zip", {"a.txt": b"x", "inner.zip": b"PK"}))


def test_members_are_read_side_by_side(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    shapes = {f"{n}.png": plate("tower" if n % 2 else "hill") for n in range(40)}
    path = pack(tmp_path / "box.zip", shapes)
    with ThreadPoolExecutor(4) as pool:
        found = list(open_source(path).entries())
        for entry, data in zip(found, pool.map(lambda entry: entry.read(), found), strict=True):
            assert data == shapes[entry.key]


def test_every_single_byte_may_be_wrong(tmp_path: Path) -> None:
    small = io.BytesIO()
    with zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.png", b"picture" * 20)
        packed.writestr("m.csv", "file,title\na.png,Tower\n")
    whole, path = small.getvalue(), tmp_path / "box.zip"
    for place in range(len(whole)):
        for flip in (0xFF, 0x01):
            hurt = bytearray(whole)
            hurt[place] ^= flip
            path.write_bytes(hurt)
            try:
                for entry in open_source(path).entries():
                    entry.read()
            except EngraveError as error:
                assert len(str(error)) > 20


def test_a_member_without_a_name(tmp_path: Path) -> None:
    path = pack(tmp_path / "box.zip", {"a.png": plate(), "b.png": plate()})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 28 : at + 34] = b"\0\0\0\0\5\0"  # the name becomes a comment
    path.write_bytes(data)
    assert [entry.key for entry in open_source(path).entries()] == ["a.png"]


def test_archive_limits_stand_in_the_sentences() -> None:
    assert (archive.MAX_MEMBERS, archive.MAX_GROWTH) == (200_000, 100)
