"""An import of one visitor, however slow its pictures, holds up no other's for long."""

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from engrave.shelf import intake
from engrave.ui import explore_import
from engrave.ui.page import build_page
from tests.drawings import draw
from tests.fakes import fake_engine, noise
from tests.servers import shown
from tests.test_ui_visitors import data_of, visit

MANY = 60
PICTURE_S = 0.5  # two are read at a time: all take 15 seconds


@pytest.fixture
def served(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[gr.Blocks, str]]:
    """A page for strangers that reads some pictures slowly, and its address."""
    read = intake.read_plate

    def slow(entry: Any, side_px: int) -> intake.Plate:
        if "slow" in entry.key:
            time.sleep(PICTURE_S)
        return read(entry, side_px)

    monkeypatch.setattr(intake, "read_plate", slow)
    monkeypatch.setattr(explore_import, "TURN_S", 5.0)
    monkeypatch.setenv("ENGRAVE_SHARED", "0")
    page = build_page(fake_engine(), uploads / "no-examples")
    with shown(page) as address:
        yield page, address


def slow_zip() -> bytes:
    """Return a ZIP of pictures that take long to read."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(MANY):
            picture = BytesIO()
            one = draw("hill", "left", True)
            one.putpixel((number, number), 128)
            one.save(picture, "PNG")
            archive.writestr(f"slow-{number}.png", picture.getvalue())
    return buffer.getvalue()


def join(page: gr.Blocks, visitor: httpx.Client, session: str, name: str, data: bytes) -> None:
    """Ask for an import as the page does."""
    (number,) = (key for key, one in page.fns.items() if one.name == "imported")
    (path,) = visitor.post("/gradio_api/upload", files={"files": (name, data)}).json()
    body = {
        "data": [[data_of(path)], "", session, False], "fn_index": number, "session_hash": session,
    }  # fmt: skip
    assert visitor.post("/gradio_api/queue/join", json=body).status_code == 200


def leave(visitor: httpx.Client, session: str) -> None:
    """Look at what is told of the work, and go."""
    where = f"/gradio_api/queue/data?session_hash={session}"
    with visitor.stream("GET", where, timeout=60) as lines:
        next(lines.iter_lines())


def answer(visitor: httpx.Client, session: str) -> dict[str, Any]:
    """Wait for the end; return what the page says of the import."""
    where = f"/gradio_api/queue/data?session_hash={session}"
    with visitor.stream("GET", where, timeout=60) as lines:
        last = next(line for line in lines.iter_lines() if "process_completed" in line)
    return dict(json.loads(last.removeprefix("data: "))["output"]["data"][0])


def stay(visitor: httpx.Client, session: str) -> None:
    """Neither look nor go."""


@pytest.mark.parametrize(("ada_does", "at_most_s"), [(leave, 5), (stay, 9)])
def test_slow_pictures_of_one_hold_up_no_other(
    served: tuple[gr.Blocks, str],
    tmp_path: Path,
    ada_does: Callable[[httpx.Client, str], None],
    at_most_s: float,
) -> None:
    page, url = served
    with visit(url) as ada, visit(url) as ben:
        join(page, ada, "page-of-ada", "all.zip", slow_zip())
        ada_does(ada, "page-of-ada")
        begun = time.monotonic()
        join(page, ben, "page-of-ben", "one.png", noise(tmp_path / "one.png").read_bytes())
        told = answer(ben, "page-of-ben")
        assert (told["added"], told["stopped"]) == (1, False)
        assert time.monotonic() - begun < at_most_s
        if ada_does is leave:
            return
        told = answer(ada, "page-of-ada")
        assert told["stopped"] and told["why"] == explore_import.OTHERS_WAIT
        join(page, ada, "page-of-ada", "all.zip", slow_zip())  # now nobody waits
        told = answer(ada, "page-of-ada")
        assert not told["stopped"] and told["pictures"] == MANY
        assert 0 < told["present"] < MANY
