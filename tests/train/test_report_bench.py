"""The measure of how fast a log is read: of a small log, as no test waits for a large one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from train.__main__ import main
from train.report.bench import NAMES, write_long
from train.report.reading import read_log


def test_the_made_log_reads_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write_long(path, 12_345)  # more than are written at once
    (stage,) = read_log(path).stages
    assert stage.rows == 12_345 and stage.repeated == stage.backward == 0
    assert all(len(stage.series[name]) == 12_345 for name in NAMES)


def test_the_command_prints_what_reading_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--bench", "500"]) == 0
    said = capsys.readouterr().out
    found = re.search(r"^500 rows, .* s \([\d.]+ s of CPU\) with ([\d,]+) MB", said)
    assert found and int(found[1].replace(",", "")) > 20, said


def test_a_log_and_a_measure_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["report", "--run", "log.jsonl", "--bench"])
    assert refused.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
