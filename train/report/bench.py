"""Measures how fast a long log is read, and in how much memory, in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from train.report.reading import read_log

ROWS = 3_000_000
AT_ONCE = 10_000
NAMES = ("loss_total", "loss_image", "loss_caption", "learning_rate", "gradient_norm", "seconds")
ROOT = Path(__file__).resolve().parents[2]
MEGA = 1_000_000
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the reading of a log cost."""

    rows: int
    log_mb: float
    seconds: float
    cpu_seconds: float  # of all threads; what else runs on the machine counts in `seconds` alone
    peak_mb: float  # of the process, Python and pyarrow included


def write_long(path: Path, rows: int) -> None:
    """Write a log of that many rows of six figures each."""
    draw = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, rows, AT_ONCE):
            count = min(AT_ONCE, rows - start)
            for place, values in enumerate(draw.random((count, len(NAMES))).tolist()):
                figures = dict(zip(NAMES, values, strict=True))
                line = {"stage": "captions", "step": start + place} | figures
                file.write(json.dumps(line) + "\n")


def measure(path: Path) -> Reading:
    """Read a log and say what that cost this process so far."""
    wall, cpu = time.monotonic(), time.process_time()
    log = read_log(path)
    return Reading(
        rows=log.rows,
        log_mb=path.stat().st_size / MEGA,
        seconds=time.monotonic() - wall,
        cpu_seconds=time.process_time() - cpu,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / MEGA,
    )


def bench(rows: int) -> Reading:
    """Write a log, read it in a fresh process, and return what that cost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write_long(path, rows)
        command = [sys.executable, "-m", "train.report.bench", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Reading(**json.loads(done.stdout))


def in_words(cost: Reading) -> str:
    """Return the figures in a line."""
    return (
        f"{cost.rows:,} rows, {cost.log_mb:,.0f} MB, read in {cost.seconds:.1f} s "
        f"({cost.cpu_seconds:.1f} s of CPU) with {cost.peak_mb:,.0f} MB at most."
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1])))))
