"""Whose is what a server keeps in the temporary folder of the machine, and how long it stays."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest

from engrave.ui import scratch
from engrave.ui.page import build_page
from engrave.ui.sessions import NEST
from tests.fakes import fake_engine, noise
from tests.servers import free_port, served, shown
from tests.test_ui_import_turns import answer, join
from tests.test_ui_visitors import visit

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def page(
    uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[gr.Blocks, str]]:
    """A page for strangers, whose temporary folder is a test's, and its address."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("ENGRAVE_SHARED", "0")
    page = build_page(fake_engine(), uploads / "no-examples")
    with shown(page) as address:
        yield page, address


def test_what_a_visitor_imported_no_other_reads(
    page: tuple[gr.Blocks, str], tmp_path: Path
) -> None:
    blocks, url = page
    with visit(url) as ada, visit(url) as eve, httpx.Client(base_url=url) as program:
        data = noise(tmp_path / "a.png").read_bytes()
        join(blocks, ada, "page-of-ada", "a.png", data)
        assert answer(ada, "page-of-ada")["added"] == 1
        (nest,) = tmp_path.glob(f"{NEST}*")
        assert nest.stat().st_mode & 0o777 == 0o700
        own = [path for path in tmp_path.glob(f"{scratch.PUBLIC}*/*/*") if path.is_file()]
        assert {"captions-0.json", "map-xy.bin"} <= {path.name for path in own}
        for path in own:
            where = f"/gradio_api/file={path}?v=1"
            found = ada.get(where)
            assert found.status_code == 200
            assert found.headers["cache-control"].startswith("private")
            assert eve.get(where).status_code == program.get(where).status_code == 403
        shared = ada.get(f"/gradio_api/file={ROOT}/engrave/ui/static/shelf.js?v=1")
        assert shared.headers["cache-control"].startswith("public")
        (taken,) = ada.post("/gradio_api/upload", files={"files": ("a.png", data)}).json()
        kept = ada.get(f"/gradio_api/file={taken}?v=1").headers["cache-control"]
        assert kept.startswith("private")


# a shell makes what it starts beside itself deaf to Ctrl-C
HEARING = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_path('app.py', run_name='__main__')"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_ends_leaves_nothing(tmp_path: Path, number: int) -> None:
    settings = {
        "GRADIO_SERVER_PORT": str(free_port()), "GRADIO_TEMP_DIR": str(tmp_path / "gradio"),
        "TMPDIR": str(tmp_path), "ENGRAVE_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    command = [sys.executable, "-c", HEARING]
    with served(command, ROOT, os.environ | settings, tmp_path / "log") as (_, server):
        (held,) = tmp_path.glob(f"{scratch.PUBLIC}*")
        assert any(held.iterdir())
        server.send_signal(number)
        server.wait(30)
    assert not held.exists()


def test_what_a_killed_server_left_goes_and_that_of_another_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, running = 2**22 + 1, os.getppid()  # no process has the first number
    folders = [tmp_path / f"{scratch.PUBLIC}{name}" for name in (f"{gone}-a", f"{running}-b", "c")]
    for folder in folders:
        folder.mkdir()
    (tmp_path / "mine").mkdir()
    scratch.sweep(tmp_path)
    assert all(folder.exists() for folder in folders)  # they may just be beginning
    later = time.time() + scratch.OLD_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    scratch.sweep(tmp_path)
    assert [folder.exists() for folder in folders] == [False, True, False]
    assert (tmp_path / "mine").exists()
