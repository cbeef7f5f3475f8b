"""One run, written by five trackers, reads as one log."""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
from pathlib import Path

import pytest

from engrave.errors import DataError
from tests.train.logs import write
from train.report.log import Log
from train.report.names import canonical
from train.report.reading import read_log

STEPS = 60
ROWS = [
    {"_step": i, "train/loss": 1.0 / (1 + i), "lr": 1e-3, "my/own": float(i)}
    | ({"val/loss": 0.5} if i % 20 == 0 else {})
    for i in range(0, 2 * STEPS, 2)
]


def check(log: Log) -> None:
    (stage,) = log.stages
    assert len(stage.series["loss_total"]) == STEPS
    assert stage.series["loss_total"].value[1] == pytest.approx(1 / 3)
    assert len(stage.series["validation_loss_total"]) == 6
    assert stage.series["learning_rate"].step[-1] == 2 * STEPS - 2
    assert stage.series["my/own"].value[-1] == 2 * STEPS - 2
    assert "my/own" in log.unknown
    assert stage.repeated == 0
    assert not log.truncated


def test_json_lines(tmp_path: Path) -> None:
    check(read_log(write(tmp_path, ROWS)))


def test_history_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["_step", "train/loss", "lr", "my/own", "val/loss", "name"])
        table.writeheader()
        table.writerows(row | {"name": "a word"} for row in ROWS)
    log = read_log(path)
    check(log)
    assert log.left_out == ("name",)


def test_database(tmp_path: Path) -> None:
    path = tmp_path / "project.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_name, step, metrics)")
        base.execute("INSERT INTO metrics VALUES (0, 'old', 0, '{\"loss\": 9}')")
        for row in ROWS:
            held = json.dumps({k: v for k, v in row.items() if k != "_step"})
            given = ("new", row["_step"], held)
            base.execute("INSERT INTO metrics (run_name, step, metrics) VALUES (?, ?, ?)", given)
    base.close()
    log = read_log(path)
    check(log)
    assert log.facts["other_runs"] == ["old"]


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def event(step: int, tag: str, value: float) -> bytes:
    summary = part(1, part(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value))
    data = varint(1 << 3 | 1) + struct.pack("<d", 1e9 + step) + whole(2, step) + part(5, summary)
    return struct.pack("<Q", len(data)) + bytes(4) + data + bytes(4)


def test_event_folder(tmp_path: Path) -> None:
    made = [
        event(int(row["_step"]), name, value)
        for row in ROWS
        for name, value in row.items()
        if name != "_step"
    ]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(made))
    check(read_log(tmp_path))
    path.write_bytes(b"".join(made)[:-7])
    assert read_log(tmp_path).truncated


def test_offline_run(tmp_path: Path) -> None:
    folder = tmp_path / "offline-run-1"
    folder.mkdir()
    log = b":W&B" + bytes(3)
    for row in [{"config": 1}, *ROWS]:
        if "config" in row:
            item = part(1, b"seed") + part(16, b"7")
            record = part(5, part(1, item))
        else:
            items = [part(1, part(2, k.encode()) + part(16, json.dumps(v).encode()))
                     for k, v in row.items()]  # fmt: skip
            record = part(2, b"".join(items) + part(2, whole(1, int(row["_step"]))))
        log += bytes(4) + struct.pack("<HB", len(record), 1) + record
    (folder / "run-1.wandb").write_bytes(log)
    found = read_log(folder)
    check(found)
    assert found.facts["config"] == {"seed": 7}


def test_nan_is_no_gap_and_damage_costs_its_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step":1,"loss":2}\n{"step":2,"loss":NaN}\nrubbish\n{"step":3,"lr":1}\n'
                    '{"step":4,"loss":"Infinity"}\n{"step":5,"loss":1}')  # fmt: skip
    log = read_log(path)
    series = log.stages[0].series["loss_total"]
    assert (len(series), series.broken, series.first_broken) == (2, 2, 2)
    assert (log.bad_lines, log.truncated) == (1, False)


@pytest.mark.parametrize(
    ("raw", "own"),
    [
        ("train/loss", "loss_total"),
        ("eval_loss", "validation_loss_total"),
        ("run-7 - latent/norm", "latent_norm"),
        ("lr-AdamW", "learning_rate"),
        ("gpu.0.temp", "gpu.0.temp"),
    ],
)
def test_names(raw: str, own: str) -> None:
    assert canonical(raw) == own


@pytest.mark.parametrize("text", ["", "hello", '{"a": "b"}\n'])
def test_what_is_no_log_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text)
    with pytest.raises(DataError, match="give"):
        read_log(path)
