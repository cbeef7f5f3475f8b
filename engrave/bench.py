"""Times what users wait for, and weighs the memory. Knows what is promised for two cores."""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engrave.engine import Engine
from engrave.places import ASSETS

APP = ASSETS.parent / "app.py"
PATIENCE_S = 120.0  # for the page to answer
GIB = 2**30
MOST_GIB = 1.86  # 2 GB
PROMPT = "a ship in a storm near a rocky coast"
ENDS = ("text:a ship in a storm", "text:an old church among trees")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the median of several runs, and what is promised (0: nothing)."""

    name: str
    value: float
    limit: float
    unit: str  # "s", "GiB", or "x": a share


def measure(
    model: Path | None, collection: Path | None, runs: int, remark: Callable[[str], None]
) -> list[Row]:
    """Measure everything, telling on the way what is being measured."""
    environment = dict(os.environ)
    for name, folder in (("ENGRAVE_MODEL", model), ("ENGRAVE_COLLECTION", collection)):
        if folder:
            environment[name] = str(folder.resolve())
    rows = []
    if APP.is_file():
        remark("starting the page ...")
        rows += _page_rows(environment, remark)
    remark("starting the engine ...")
    rows.append(Row("engine, cold start", _median(1, lambda: _start_engine(environment)), 8, "s"))
    engine = Engine.load(model, collection)
    rows += _engine_rows(engine, runs, remark)
    rows.append(Row("engine, peak memory", _peak_bytes() / GIB, MOST_GIB, "GiB"))
    remark("the same with torch alone ...")
    return rows + _beside_torch(engine, _torch_alone(model, collection), runs)


def as_lines(rows: Sequence[Row]) -> list[str]:
    """Return the table as text."""
    lines = [f"{'what':<26} {'median':>10}   promised"]
    for row in rows:
        promise = f"under {row.limit:g} {row.unit}" if row.limit else ""
        missed = "  MISSED" if row.limit and row.value >= row.limit else ""
        lines.append(f"{row.name:<26} {row.value:>6.2f} {row.unit:<3}   {promise}{missed}".rstrip())
    return lines


def _engine_rows(engine: Engine, runs: int, remark: Callable[[str], None]) -> list[Row]:
    rows = []
    for name, (limit, work) in _works(engine).items():
        remark(f"{name} ...")
        work()  # the first run is slower: buffers are made, pages are read
        rows.append(Row(f"{name}, warm", _median(runs, work), limit, "s"))
    return rows


def _works(engine: Engine) -> dict[str, tuple[float, Callable[[], object]]]:
    """Return what users wait for: how long at most, and the work."""
    picture = next(engine.generate(PROMPT, num=1)).image
    return {
        "one caption": (1.5, lambda: engine.caption(picture)),
        "four engravings": (8, lambda: list(engine.generate(PROMPT, num=4, seed=1))),
        "walk of 16 frames": (15, lambda: engine.walk(*ENDS, frames=16)),
        "one search": (0, lambda: engine.search(PROMPT)),
    }


def _torch_alone(model: Path | None, collection: Path | None) -> Engine:
    """Return an engine that does without ONNX Runtime."""
    from engrave.model.graphs import SWITCH

    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "torch"
    try:
        engine = Engine.load(model, collection)
        engine.wake()
        return engine
    finally:
        del os.environ[SWITCH]
        if before is not None:
            os.environ[SWITCH] = before


def _beside_torch(engine: Engine, other: Engine, runs: int) -> list[Row]:
    """Compare both engines, in turns so that other work on the machine is felt alike."""
    rows = []
    for (name, (_, ours)), (_, theirs) in zip(
        _works(engine).items(), _works(other).values(), strict=True
    ):
        theirs()
        pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(runs)]
        share = statistics.median(own / torch for own, torch in pairs)
        rows.append(Row(f"{name}, of torch's", share, 0, "x"))
    return rows


def _median(runs: int, work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(runs))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _start_engine(environment: dict[str, str]) -> None:
    command = "from engrave.engine import Engine; Engine.load().wake()"
    subprocess.run([sys.executable, "-c", command], check=True, env=environment, cwd=APP.parent)


def _page_rows(environment: dict[str, str], remark: Callable[[str], None]) -> list[Row]:
    """Start the page in its own process and wait for its first answer."""
    port = _free_port()
    environment = environment | {"GRADIO_SERVER_PORT": str(port)}
    start = time.perf_counter()
    page = subprocess.Popen(
        [sys.executable, str(APP)],
        env=environment,
        cwd=APP.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if not _wait_for(page, port, start):
            remark("the page did not start; run `python app.py` to see why")
            return []
        rows = [Row("page, cold start", time.perf_counter() - start, 8, "s")]
        held = _held_bytes(page.pid)
        return [*rows, Row("page, memory at start", held / GIB, MOST_GIB, "GiB")] if held else rows
    finally:
        page.kill()
        page.wait()


def _wait_for(page: subprocess.Popen[bytes], port: int, start: float) -> bool:
    while time.perf_counter() - start < PATIENCE_S and page.poll() is None:
        if _answers(port):
            return True
        time.sleep(0.1)
    return False


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _held_bytes(pid: int) -> int:
    """Return what a process holds in memory, 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    for line in status.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
