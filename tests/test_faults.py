"""Killed writers, full disks, homes that are missing, files of another time: words, and the rest
works."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engrave.checkpoint import from_pretrained, save_pretrained
from engrave.collection import Collection
from engrave.collection.insight import Insights
from engrave.errors import CheckpointError, CollectionError
from engrave.whole import whole_file, whole_folder
from tests.kill import IMPORT, WRITERS
from tests.tiny import tiny_collection, tiny_sprites
from tests.woken import woken_model

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", [*WRITERS, IMPORT])
def test_a_killed_writer_leaves_the_old_state_or_the_new(name: str) -> None:
    command = [sys.executable, "-m", "tests.kill", "4", "--only", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{name}: killed 4 times, broken 0 times\n"


def test_a_folder_is_there_at_every_moment(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with whole_folder(folder) as fresh:
        (fresh / "a").write_text("1")
    look = f"import os\nwhile True:\n    os.stat({str(folder / 'a')!r})"
    with subprocess.Popen([sys.executable, "-c", look], stderr=subprocess.PIPE) as watcher:
        for turn in range(300):
            with whole_folder(folder) as fresh:
                (fresh / "a").write_text(str(turn))
        missed = watcher.poll() is not None
        watcher.kill()
    if sys.platform == "linux":
        assert not missed
    assert (folder / "a").read_text() == "299" and os.listdir(tmp_path) == ["kept"]


def test_what_a_killed_writer_left_is_swept_later(tmp_path: Path) -> None:
    for name, age_s in ((".kept-abcd1234", 9_000), (".kept-abcd5678", 0)):
        (tmp_path / name / "new").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    with whole_folder(tmp_path / "kept"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"kept", ".kept-abcd5678"}


@pytest.mark.parametrize("name", ["kept.json", "kept", "k[e]pt?.tar.gz", "k" * 120 + ".csv"])
def test_what_a_killed_writer_of_a_file_left_is_swept_later(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    look = (
        "import os, sys; from pathlib import Path; from engrave.whole import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as scratch: scratch.write_text('half'); os._exit(9)"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", look, str(path)], cwd=ROOT)
    left = sorted(tmp_path.iterdir())
    assert len(left) == 2 and not path.exists()
    os.utime(left[0], (time.time() - 9_000,) * 2)
    with whole_file(path) as scratch:
        scratch.write_text("whole")
    assert set(tmp_path.iterdir()) == {path, left[1]} and path.read_text() == "whole"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as scratch:
        scratch.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_keeps_the_old_checkpoint(small_disk: Path) -> None:
    (small_disk / "old.txt").write_text("kept")
    with pytest.raises(Exception) as told:  # safetensors has an error of its own for it
        save_pretrained(woken_model(), small_disk / "model", {})
    assert "No space left" in str(told.value) or getattr(told.value, "errno", 0) == errno.ENOSPC
    assert os.listdir(small_disk) == ["old.txt"]


def test_a_full_disk_is_told_on_the_command_line(small_disk: Path, tmp_path: Path) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {"version": "1"})
    filler = small_disk / "filler"
    filler.write_bytes(bytes(290_000))
    command = [sys.executable, "-m", "engrave", "generate", "a ship", "-n", "1"]
    options = ["--model", str(tmp_path / "model"), "--out", str(small_disk), "--steps", "2"]
    env = os.environ | {"ENGRAVE_COLLECTION": str(tmp_path / "none")}
    tiny_collection().save(tmp_path / "none", tiny_sprites())
    done = subprocess.run([*command, *options], cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:  # a tiny engraving may still find room
        assert done.returncode == 1 and "No space left" in done.stderr
        assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    left = set(os.listdir(small_disk)) - {"filler"}
    assert not [name for name in left if name.startswith(".")]


def test_without_a_home_the_map_learns_and_names_are_refused_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("ENGRAVE_HOME", str(blocked / "home"))
    insights = Insights(tiny_collection())
    assert len(insights.get().trust_N) == 30
    if insights.get().clusters:
        with pytest.raises(CollectionError, match="ENGRAVE_HOME"):
            insights.rename(0, "ships")


def test_no_home_at_all_is_no_fault(tmp_path: Path) -> None:
    source = "from engrave.collection.insight import home; print(home())"
    env = {k: v for k, v in os.environ.items() if k not in ("HOME", "ENGRAVE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("at", "bytes_"), [(0, b"\xff" * 8), (9, b"XXXX"), (-2, b"\0\0")])
def test_a_corrupt_shard_is_named_or_read(tmp_path: Path, at: int, bytes_: bytes) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {})
    shard = tmp_path / "model" / "model-00001-of-00001.safetensors"
    data = bytearray(shard.read_bytes())
    data[at : at + len(bytes_) or None] = bytes_
    shard.write_bytes(data)
    if at < 0:  # a weight that changed cannot be told from another
        from_pretrained(tmp_path / "model")
        return
    with pytest.raises(CheckpointError, match="copy the model folder again"):
        from_pretrained(tmp_path / "model")


@pytest.mark.parametrize("page", ["[]", "null", '{"format": 1}', "{", '"a"'])
def test_a_page_of_another_kind_is_refused_with_words(tmp_path: Path, page: str) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {})
    tiny_collection().save(tmp_path / "collection", tiny_sprites())
    (tmp_path / "model" / "config.json").write_text(page)
    (tmp_path / "collection" / "collection.json").write_text(page)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        from_pretrained(tmp_path / "model")
    with pytest.raises(CollectionError, match="collection"):
        Collection.load(tmp_path / "collection")


def test_a_field_of_a_later_version_is_told(tmp_path: Path) -> None:
    save_pretrained(woken_model(), tmp_path / "model", {})
    path = tmp_path / "model" / "config.json"
    page = json.loads(path.read_text())
    page["config"]["colour"] = True
    path.write_text(json.dumps(page))
    with pytest.raises(Exception, match="another version"):
        from_pretrained(tmp_path / "model")
