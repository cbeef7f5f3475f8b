"""How much a visitor may have on the server's disk, and what is swept away."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from engrave.errors import AccessError, ConfigError
from engrave.ui import room, taken
from engrave.ui.visitors import GUEST, new_folder
from tests.test_ui_visitors import data_of, told, visit

DAY_S = 86_400
FILE = 400_000  # bytes


@pytest.fixture
def bounded(url: str, uploads: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server where a visitor may have 1 MB."""
    monkeypatch.setenv(room.SETTING, "1")
    room._measured.clear()
    for path in list((uploads / "visitors").rglob("*")):
        if path.is_file():
            path.unlink()
    return url


def send(visitor: httpx.Client, size: int = FILE, name: str = "files") -> httpx.Response:
    """Upload so many random bytes."""
    return visitor.post("/gradio_api/upload", files={name: ("a.png", os.urandom(size))})


def halves(uploads: Path) -> list[str]:
    """Return what Gradio writes uploads to while they come."""
    return [path.name for path in uploads.glob(f"{room.HALF}*")]


def aged(path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so much time pass: the time that a file came cannot be set, the clock can."""
    now = path.lstat().st_ctime + seconds
    monkeypatch.setattr(time, "time", lambda: now)


def test_a_visitor_fills_its_room_and_not_that_of_another(bounded: str, uploads: Path) -> None:
    with visit(bounded) as ada, visit(bounded) as bob:
        sent = [send(ada) for _ in range(2)]
        assert all(answer.is_success for answer in sent)
        more = send(ada)
        assert more.status_code == 413 and "come to the 1 MB" in more.text and "24 h" in more.text
        assert ada.get(f"/gradio_api/file={sent[0].json()[0]}").status_code == 200
        assert send(bob).is_success and not halves(uploads)
        assert send(ada, 100_000).is_success  # what still has room


def test_files_of_no_bytes_take_room_too(bounded: str) -> None:
    with visit(bounded) as ada:
        empty = [("files", (f"{number}.csv", b"")) for number in range(300)]
        assert ada.post("/gradio_api/upload", files=empty).is_success
        assert send(ada).status_code == 413


def test_a_call_with_files_leaves_none_beside_those_of_its_visitor(url: str, uploads: Path) -> None:
    with visit(url) as ada:
        (taken,) = send(ada).json()
        before = {path for path in uploads.iterdir() if path.is_file()}
        calls = {
            "caption_batch": [[data_of(taken)] * 9, None, False, False, None],
            "export_captions": [data_of(taken), "csv", [data_of(taken)], False, ""],
            "caption": [data_of(taken), 1, 1],
        }
        for name, data in calls.items():
            assert "event:" in told(ada, name, data)
        assert {path for path in uploads.iterdir() if path.is_file()} == before


def test_what_is_made_takes_room_too(bounded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with visit(bounded) as ada:
        assert send(ada, 999_000).is_success
        monkeypatch.setattr(room, "USUAL_MB", 1)
        monkeypatch.setattr(room, "KNOWN_S", 0.0)
        arguments = ["a ship", 1, 0, 2, 5, "", 1, False]
        answers = [told(ada, "generate", arguments) for _ in range(3)]
        assert "come to the 1 MB" in answers[-1]
        assert "similarity" in told(ada, "search", ["a ship", 3, ""])


def test_the_oldest_files_of_programs_go_first(
    bounded: str, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with httpx.Client(base_url=bounded, timeout=30) as program:
        first, second = (Path(send(program).json()[0]) for _ in range(2))
        assert send(program).status_code == 413 and first.is_file()  # they may be in use
        aged(second, monkeypatch, 2 * room.FRESH_S)
        room._measured.clear()
        monkeypatch.setattr(room, "PROGRAMS_SHARE", 0.5)
        assert send(program).is_success
        assert not first.exists() and second.is_file()


def parts(size: int, times: int) -> Iterator[bytes]:
    """Yield the body of an upload without telling its length."""
    yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\n\r\n'
    for _ in range(times):
        yield os.urandom(size)
    yield b"\r\n--x--\r\n"


@pytest.mark.parametrize("bound_mb", ["1", "0"])
def test_an_upload_of_no_told_length_is_counted_as_it_comes(
    bounded: str, uploads: Path, bound_mb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(room.SETTING, bound_mb)
    monkeypatch.setattr(taken, "MAX_REQUEST_BYTES", 1_500_000)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    with visit(bounded) as ada:
        small = ada.post("/gradio_api/upload", content=parts(1000, 9), headers=headers)
        assert small.is_success
        large = ada.post("/gradio_api/upload", content=parts(14_000, 100), headers=headers)
        assert large.is_success is (bound_mb == "0")
        endless = ada.post("/gradio_api/upload", content=parts(20_000, 80), headers=headers)
        assert endless.status_code == 413
    assert not halves(uploads)


def test_nothing_stays_of_an_upload_that_breaks_off(url: str, uploads: Path) -> None:
    where = urlsplit(url)
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 999999\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    with socket.create_connection((str(where.hostname), int(where.port or 0))) as line:
        line.sendall(head.encode() + next(parts(0, 0)) + bytes(200_000))
        until = time.monotonic() + 10
        while not halves(uploads) and time.monotonic() < until:
            time.sleep(0.05)
        assert halves(uploads)
        others = [uploads / "tmpabcdefgh", uploads / f"{room.HALF}1-abcdefgh"]
        for other in others:  # of another program, and of another server
            other.write_bytes(b"half")
    until = time.monotonic() + 10
    while len(halves(uploads)) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert halves(uploads) == [others[1].name] and others[0].is_file()
    for other in others:
        os.utime(other, (0, 0))
    room.sweep_halves(uploads)
    assert not halves(uploads) and others[0].is_file()
    others[0].unlink()


def test_nothing_stays_of_what_no_field_names(url: str, uploads: Path) -> None:
    with visit(url) as ada:
        answer = send(ada, name="else")
        assert answer.json() == [] and not halves(uploads)


def test_old_files_go_also_those_of_a_server_that_was_killed(
    uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = uploads / "visitors" / ("ab" * 16) / ("cd" * 16) / "a.png"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left behind")
    half = uploads / f"{room.HALF}1-abcdefgh"
    half.write_bytes(b"half")
    room._tidied.clear()
    new_folder()
    assert left.is_file() and half.is_file()
    os.utime(half, (time.time() - 2 * room.HALF_S,) * 2)
    aged(left, monkeypatch, DAY_S + 60)
    room._tidied.clear()
    fresh = new_folder()
    assert not left.exists() and not left.parent.exists() and not half.exists()
    assert fresh.is_dir()


@pytest.mark.parametrize("said", ["much", "-1", "1.5", "1e3", "²", "9" * 30])
def test_a_bound_that_is_no_number_is_told(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(room.SETTING, said)
    with pytest.raises(ConfigError, match="whole number of megabytes"):
        room.bound()


def test_on_ones_own_machine_there_is_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(room.SETTING, raising=False)
    monkeypatch.setenv("ENGRAVE_SHARED", "1")
    assert room.bound() is None
    monkeypatch.setenv("ENGRAVE_SHARED", "0")
    assert room.bound() == room.USUAL_MB * room.MB
    monkeypatch.setenv(room.SETTING, "0")
    assert room.bound() is None


def test_a_full_room_takes_no_folder(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(room.SETTING, "1")
    (new_folder("ef" * 16) / "a.bin").write_bytes(bytes(1_100_000))
    room._measured.clear()
    with pytest.raises(AccessError, match="run Engrave on a machine of your own"):
        new_folder("ef" * 16)
    assert new_folder(GUEST).is_dir()
