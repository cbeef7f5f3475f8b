"""Addresses on a mirror, and its rules: pause, robots.txt, Retry-After, what is refused."""

from __future__ import annotations

import time
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engrave.errors import OriginalsError
from engrave.originals.mirror import Mirror
from engrave.originals.sources import Got, Missed, open_folder, paths_of
from engrave.originals.wanted import Wanted, read_wanted, write_wanted
from tests.originals.conftest import Known
from tests.originals.mirrors import Local, status, whole


def scan(number: int, path: str) -> Wanted:
    """Return a scan that nobody has."""
    return Wanted(id="x", gutenberg_id=number, source_path=path, hash=b"\0" * 32)


def test_books_lie_under_the_digits_of_their_number() -> None:
    assert list(paths_of(scan(16102, "16102-h/images/p1887-033.jpg"))) == [
        "1/6/1/0/16102/16102-h/images/p1887-033.jpg",
        "files/16102/16102-h/images/p1887-033.jpg",
        "cache/epub/16102/images/p1887-033.jpg",
    ]
    assert next(paths_of(scan(7, "7-h/images/a.png"))) == "0/7/7-h/images/a.png"
    assert len(list(paths_of(scan(22773, "22773-page-images/p034.png")))) == 2


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "a/../../b.png", "/etc/passwd", "a", "", "a/b?c=d", "a//b", "å/b"]
)
def test_a_path_out_of_the_book_is_refused(path: str) -> None:
    with pytest.raises(OriginalsError, match="no file of a book"):
        scan(1, path)


def test_a_list_comes_back_as_it_was_written(known: Known, tmp_path: Path) -> None:
    write_wanted(known.wanted, tmp_path / "originals.parquet")
    assert read_wanted(tmp_path / "originals.parquet") == known.wanted


def test_a_bad_list_is_told(tmp_path: Path) -> None:
    path = tmp_path / "originals.parquet"
    with pytest.raises(OriginalsError, match=r"has no originals\.parquet"):
        read_wanted(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(OriginalsError, match="damaged"):
        read_wanted(path)
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(OriginalsError, match="damaged"):
        read_wanted(path)


def test_the_pause_is_kept(known: Known, local: Local) -> None:
    mirror = Mirror(local.address, pause_s=0.15)
    for one in known.wanted[:4]:
        mirror.fetch(one)
    assert len(local.at) == 5
    assert all(later - earlier >= 0.15 for earlier, later in pairwise(local.at))


def test_the_delay_of_the_robots_txt_is_kept(known: Known, local: Local) -> None:
    local.files["/robots.txt"] = b"User-agent: *\nCrawl-delay: 7\n"
    waits: list[float] = []
    mirror = Mirror(local.address, pause_s=0, wait=waits.append)
    mirror.fetch(known.wanted[0])
    assert len(waits) == 1 and 6 < waits[0] <= 7


def test_the_robots_txt_is_obeyed(known: Known, local: Local) -> None:
    local.files["/robots.txt"] = b"User-agent: Engrave\nDisallow: /\n"
    with pytest.raises(OriginalsError, match=r"robots\.txt"):
        Mirror(local.address, pause_s=0).fetch(known.wanted[0])
    assert local.asked == ["/robots.txt"]


@pytest.mark.parametrize(("date", "least"), [(False, 3.0), (True, 400.0)])
def test_retry_after_is_waited_for(known: Known, local: Local, date: bool, least: float) -> None:
    header = formatdate(time.time() + 500) if date else "3"
    path = known.path(0)
    waits: list[float] = []
    local.odd = {path: [status(429, Retry_After=header), whole(known.files[path])]}
    mirror = Mirror(local.address, pause_s=0, backoff_s=0.01, wait=waits.append)
    assert isinstance(mirror.fetch(known.wanted[0]), Got)
    assert len(waits) == 1 and waits[0] >= least


def test_failures_are_waited_for_ever_longer(known: Known, local: Local) -> None:
    waits: list[float] = []
    local.odd = {known.path(0): [status(503)]}
    mirror = Mirror(local.address, pause_s=0, backoff_s=1, wait=waits.append)
    answer = mirror.fetch(known.wanted[0])
    assert isinstance(answer, Missed) and not answer.final and "503" in answer.why
    assert waits == [1, 2, 4]


def test_a_mirror_that_wants_peace_gets_it(known: Known, local: Local) -> None:
    local.odd = {known.path(0): [status(503, Retry_After="7200")]}
    with pytest.raises(OriginalsError, match="120 minutes"):
        Mirror(local.address, pause_s=0).fetch(known.wanted[0])


def test_a_mirror_that_refuses_is_not_asked_again(known: Known, local: Local) -> None:
    local.odd = {known.path(0): [status(403)]}
    with pytest.raises(OriginalsError, match="refuses robots"):
        Mirror(local.address, pause_s=0).fetch(known.wanted[0])
    assert local.times[known.path(0)] == 1


def test_another_layout_is_found_once_and_then_asked_first(known: Known, local: Local) -> None:
    local.files = {
        f"/cache/epub/{one.gutenberg_id}/{one.source_path.split('/', 1)[1]}": b"data"
        for one in known.wanted
    }
    mirror = Mirror(local.address, pause_s=0)
    assert all(isinstance(mirror.fetch(one), Got) for one in known.wanted[:5])
    assert len(local.asked) == 1 + 3 + 4


@pytest.mark.parametrize(
    "address",
    ["ftp://example.org", "aleph", "", "file:///etc", "https://www.gutenberg.org/files",
     "http://GUTENBERG.org"],
)  # fmt: skip
def test_an_address_that_is_no_mirror_is_refused(address: str) -> None:
    with pytest.raises(OriginalsError, match=r"web address|for people"):
        Mirror(address)


def test_a_redirect_to_the_site_for_people_is_refused(known: Known, local: Local) -> None:
    local.odd = {known.path(0): [status(302, Location="https://www.gutenberg.org/x.jpg")]}
    with pytest.raises(OriginalsError, match="for people"):
        Mirror(local.address, pause_s=0).fetch(known.wanted[0])


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(OriginalsError, match="is no folder"):
        open_folder(tmp_path / "none")
