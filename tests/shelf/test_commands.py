"""The commands for own collections: answers, remarks, exit codes; and what a killed one leaves."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engrave.checkpoint import save_pretrained
from engrave.cli import main
from engrave.shelf.shelf import Shelf
from tests.shelf.conftest import many_noises
from tests.woken import woken_model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose model is named by the environment."""
    save_pretrained(woken_model(), tmp_path / "model", {"version": "woken-1"})
    monkeypatch.setenv("ENGRAVE_MODEL", str(tmp_path / "model"))
    return tmp_path / "home"


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return what a command printed with --json."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_import_list_search_undo_remove(
    home: Path, prints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (prints / "words.jpg").write_text("no picture")
    wish = ["import", str(prints), "--name", "mine", "--json"]
    assert main(wish) == 1  # one could not be read
    out, err = capsys.readouterr()
    page = json.loads(out)
    assert (page["name"], page["added"], page["pictures"], page["version"]) == ("mine", 24, 24, 1)
    assert [one["key"] for one in page["unread"]] == ["words.jpg"] and "words.jpg: " in err
    assert main(["collections", "--json"]) == 0
    (one,) = objects(capsys)
    assert (one["name"], one["pictures"], one["version"], one["complete"]) == ("mine", 24, 1, True)
    assert isinstance(one["bytes"], int) and one["bytes"] > 10_000
    assert main(["search", "a ship", "-n", "2", "--collection", "mine", "--json"]) == 0
    assert {str(one["id"])[:4] for one in objects(capsys)} <= {"circ", "hill", "squa", "towe"}
    assert main(["collections", "--versions", "mine", "--json"]) == 0
    assert [(one["version"], one["pictures"]) for one in objects(capsys)] == [(0, 0), (1, 24)]
    assert main(["undo", "mine"]) == 0
    assert "back to version 0, 0 pictures" in capsys.readouterr().out
    assert main(["undo", "mine"]) == 1
    assert "nothing to undo" in capsys.readouterr().err
    assert main(["undo", "mine", "--to", "1", "--json"]) == 0
    assert objects(capsys)[0]["pictures"] == 24
    assert main(["remove", "mine"]) == 1 and Shelf().names() == ["mine"]
    assert "add --yes" in capsys.readouterr().err
    assert main(["remove", "mine", "--yes"]) == 0 and Shelf().names() == []


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (["import", "nowhere"], "nowhere"),
        (["undo", "nobody"], "no collection called 'nobody'"),
        (["undo", "../x"], "cannot name a collection"),
        (["map", "nobody"], "no collection called 'nobody'"),
        (["collections", "--versions", "nobody"], "no collection called 'nobody'"),
    ],
)
def test_mistakes_are_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], wish: list[str], says: str
) -> None:
    assert main(wish) == 1
    out, err = capsys.readouterr()
    assert out == "" and says in err and err.startswith("engrave: ")


def test_a_hostile_name_is_misuse(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["import", ".", "--name", "../up"])
    assert stop.value.code == 2 and "for example 'up'" in capsys.readouterr().err


def test_no_collections_yet_says_how_to_make_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["collections"]) == 0
    out, err = capsys.readouterr()
    assert out == "" and "import SOURCE" in err


def kill_at_random(folder: Path, rng: random.Random, times: int) -> int:
    """Start an import and kill it without mercy, again and again; return how often it was alive."""
    killed = 0
    command = [sys.executable, "-m", "engrave", "import", str(folder), "--name", "mine"]
    for _ in range(times):
        process = subprocess.Popen(
            [*command, "--simple-map"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        journal = Shelf().folder / "mine" / "journal.json"
        deadline = time.monotonic() + 300
        while not journal.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 3))
        killed += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
    return killed


def test_a_killed_import_loses_nothing_and_does_nothing_twice(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = many_noises(tmp_path / "many", 400)
    kill_at_random(folder, random.Random(5), times=3)
    before = {item.id for item in Shelf().open("mine").items}
    capsys.readouterr()
    assert main(["import", str(folder), "--name", "mine", "--simple-map", "--json"]) == 0
    (page,) = objects(capsys)
    assert page["pictures"] == 400
    assert (page["present"], page["added"]) == (len(before), 400 - len(before))
    volume = Shelf().open("mine")
    assert volume.complete and len({item.key for item in volume.items}) == 400
    assert before <= {item.id for item in volume.items}
    assert len(volume.latents) == len(volume.embeddings) == 400 and volume.sprite(399)
