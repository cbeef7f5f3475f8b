"""A run over a mirror that misbehaves: what is had is kept, what is not is told, and the next run
goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engrave.errors import OriginalsError
from engrave.originals.gather import gather
from engrave.originals.mirror import Mirror
from engrave.originals.sources import Copy, Got, Tree, open_folder
from engrave.originals.store import KEPT, Store
from tests.originals.conftest import COUNT, Known, as_jpeg, plate
from tests.originals.mirrors import Local, broken, serving, slow, status, whole


def test_all_are_fetched_checked_and_kept(known: Known, local: Local, mirror: Mirror) -> None:
    told: list[tuple[float, str]] = []
    store = Store()
    tally = gather(known.wanted, mirror, store, progress=lambda *one: told.append(one))
    assert (tally.kept, tally.missed) == (COUNT, {})
    assert all(store.picture(one.id) for one in known.wanted)
    assert local.times["/robots.txt"] == 1 and len(local.asked) == COUNT + 1
    assert local.together == 1 and all("Engrave" in agent for agent in local.agents)
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert "left" in told[-1][1]


def test_a_run_survives_all_that_a_mirror_does(known: Known, local: Local, mirror: Mirror) -> None:
    path, good = known.path, list(known.files.values())
    del local.files[path(0)]  # missing
    local.odd = {
        path(1): [slow(good[1], 1.0), whole(good[1])],
        path(2): [slow(good[2], 1.0)],  # each time
        path(3): [whole(as_jpeg(plate(999)))],
        path(4): [broken(good[4]), whole(good[4])],
        path(5): [broken(good[5])],
        path(6): [status(429, Retry_After="0"), status(503), whole(good[6])],
        path(7): [status(302, Location="/elsewhere.jpg")],
        path(8): [status(302, Location=path(8))],  # in a circle
        path(9): [whole(b"<html>no picture</html>")],
        path(10): [whole(good[10][:400])],
        path(11): [status(418)],
        path(12): [whole(b"")],
    }
    local.files["/elsewhere.jpg"] = good[7]
    tally = gather(known.wanted, mirror, Store())
    ids = [one.id for one in known.wanted]
    assert sorted(tally.missed) == sorted(ids[k] for k in (0, 2, 3, 5, 8, 9, 10, 11, 12))
    assert tally.kept == COUNT - 9
    words = {k: tally.missed[ids[k]] for k in (0, 2, 3, 5, 8, 9, 11)}
    assert "does not hold" in words[0] and "in time" in words[2] and "another picture" in words[3]
    assert "connection broke" in words[5] and "circle" in words[8] and "no picture" in words[9]
    assert "418" in words[11]
    assert all(why and "\n" not in why for why in tally.missed.values())


def test_the_next_run_asks_only_where_it_may_help(
    known: Known, local: Local, mirror: Mirror
) -> None:
    del local.files[known.path(0)]
    local.odd = {known.path(1): [broken(b"12345678")]}
    gather(known.wanted, mirror, Store())
    local.asked.clear()
    del local.odd[known.path(1)]
    tally = gather(known.wanted, mirror, Store())
    assert local.asked == [known.path(1)]
    assert (tally.before, tally.fetched, len(tally.missed)) == (COUNT - 2, 1, 1)
    local.files[known.path(0)] = known.files[known.path(0)]
    tally = gather(known.wanted, mirror, Store(), again=True)
    assert (tally.kept, tally.missed) == (COUNT, {})
    assert gather(known.wanted, mirror, Store()).fetched == 0


def test_another_mirror_is_asked_for_what_one_lacks(known: Known, local: Local) -> None:
    empty = Local()
    with serving(empty):
        first = gather(known.wanted, Mirror(empty.address, pause_s=0), Store(), limit=3)
    assert len(first.missed) == 3
    assert gather(known.wanted, Mirror(local.address, pause_s=0), Store()).kept == COUNT


def test_a_limit_stops_early(known: Known, mirror: Mirror) -> None:
    assert gather(known.wanted, mirror, Store(), limit=5).kept == 5
    assert gather(known.wanted, mirror, Store(), limit=5).kept == 10


def test_a_mirror_out_of_reach_ends_the_run_in_a_sentence(known: Known, local: Local) -> None:
    local.odd = {path: [broken(b"12345678")] for path in known.files}
    mirror = Mirror(local.address, pause_s=0, backoff_s=0)
    with pytest.raises(OriginalsError, match="5 files in a row"):
        gather(known.wanted, mirror, Store())
    assert len(Store().states()) == 4
    with pytest.raises(OriginalsError, match="cannot be reached"):
        gather(known.wanted, Mirror("http://127.0.0.1:9", pause_s=0, backoff_s=0), Store())


def test_what_is_kept_for_another_engraving_is_fetched_anew(known: Known, mirror: Mirror) -> None:
    store = Store()
    with store.writing():
        store.keep(known.wanted[0].id, b"\0" * 32, plate(5), "elsewhere", 0)
    assert gather(known.wanted, mirror, store, limit=1).fetched == 1
    assert store.states()[known.wanted[0].id].hash == known.wanted[0].hash


KILLED = """
from pathlib import Path
from engrave.originals.gather import gather
from engrave.originals.mirror import Mirror
from engrave.originals.store import Store
from engrave.originals.wanted import read_wanted
import sys
gather(read_wanted(Path(sys.argv[1])), Mirror(sys.argv[2], pause_s=0.02), Store())
"""


@pytest.mark.parametrize("kills", [4])
def test_a_kill_loses_nothing_and_fetches_nothing_twice(
    known: Known, local: Local, home: Path, kills: int
) -> None:
    assert known.collection.folder
    table = known.collection.folder / "originals.parquet"
    command = [sys.executable, "-c", KILLED, str(table), local.address]
    for kill in range(kills):
        before = len(local.asked)
        process = subprocess.Popen(command, env=os.environ | {"ENGRAVE_HOME": str(home)})
        while len(local.asked) < before + 3 + kill and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert all(Store().picture(id) for id in Store().states())
    assert subprocess.run(command, env=os.environ | {"ENGRAVE_HOME": str(home)}).returncode == 0
    assert sum(one.state == KEPT for one in Store().states().values()) == COUNT
    twice = sum(times - 1 for path, times in local.times.items() if path != "/robots.txt")
    assert twice <= kills  # the one that was under way when it was killed


def test_two_commands_do_not_write_at_once(known: Known, mirror: Mirror) -> None:
    with Store().writing(), pytest.raises(OriginalsError, match="Another command"):
        gather(known.wanted, mirror, Store())


def test_a_copy_of_a_mirror_is_read_like_the_mirror(known: Known, tmp_path: Path) -> None:
    for path, data in known.files.items():
        target = tmp_path / "mirror" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    source = open_folder(tmp_path / "mirror")
    assert isinstance(source, Tree)
    assert gather(known.wanted, source, Store()).kept == COUNT


def test_parquet_files_are_read_by_book_and_path(known: Known, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "gutenberg_id": one.gutenberg_id,
            "source_path": one.source_path,
            "image": {"bytes": data, "path": "x"},
        }
        for one, data in zip(known.wanted, known.files.values(), strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows[:20]), tmp_path / "a.parquet", row_group_size=7)
    pq.write_table(pa.Table.from_pylist([{"other": 1}]), tmp_path / "b.parquet")
    source = open_folder(tmp_path)
    assert isinstance(source, Copy)
    found = [isinstance(source.fetch(one), Got) for one in known.wanted]
    assert found == [True] * 20 + [False] * 4
    (tmp_path / "c.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(OriginalsError, match="damaged"):
        open_folder(tmp_path)
