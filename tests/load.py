"""Many visitors at once: `python -m tests.load --users 1 8 32 --minutes 5 --out load.json`.

Starts the page with the shipped model (or asks one that runs: --url) and lets programs ask all its
endpoints in a mix that a seed fixes (`tests/load_mix.py`), each program in a process of its own.
Some walks are cancelled. Prints and writes how many requests failed (there must be none), how long
answers took, which places in the queue were told, and what the server held in memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.load_mix import CANCELLED, MIX, Things, arguments, brought, endpoint_of
from tests.servers import free_port, served

ROOT = Path(__file__).resolve().parents[1]
THINKS_S = (0.2, 2.0)  # a visitor looks at an answer before asking again
CANCELLED_AFTER_S = (0.5, 3.0)
GRACE_S = 45.0  # after the end, for answers that are under way
PATIENCE_S = 600.0
MB = 1_000_000
MOST_GROWTH_MB = 50.0  # in the second half of a round
MANY = 8  # users, above whom somebody must be told a place in the queue


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what for, how long it took in seconds, and what went wrong, if anything."""

    endpoint: str
    seconds: float
    failure: str = ""
    places: tuple[int, ...] = ()  # in the queue, as they were told
    unfinished: bool = False  # the time was up before it was answered


@dataclass(slots=True)
class Round:
    """What one number of users met."""

    users: int
    seconds: float
    load_average: tuple[float, float, float]  # of the machine, at the end
    requests: int
    failures: int
    unfinished: int  # under way when the time was up
    words: dict[str, int]  # of failures
    endpoints: dict[str, dict[str, float]]
    places: dict[str, int]  # how often each place in the queue was told
    rss_mb: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB
    growth_mb: float = 0.0  # in the second half


def visit(url: str, seed: int, until: float, told: Any) -> None:
    """Ask for this and that until the time is up; hand over all that was asked."""
    from gradio_client import Client

    dice, asked = random.Random(seed), list[Asked]()
    try:
        with tempfile.TemporaryDirectory() as folder:
            client = Client(
                url, verbose=False, analytics_enabled=False, download_files=False,
                httpx_kwargs={"timeout": PATIENCE_S},  # its own 5 s are for machines at leisure
            )  # fmt: skip
            things = brought(client, Path(folder), seed)
            while time.time() < until:
                name = dice.choices(list(MIX), list(MIX.values()))[0]
                asked.append(ask(client, name, dice, things, until))
                time.sleep(dice.uniform(*THINKS_S))
    except Exception as error:  # such as a page that does not answer at all
        asked.append(Asked("search", 0.0, f"{type(error).__name__}: {error}"[:200]))
    told.put(asked)


def ask(client: Any, name: str, dice: random.Random, things: Things, until: float) -> Asked:
    """Ask for one thing and wait for it."""
    endpoint = endpoint_of(name)
    start = time.perf_counter()
    try:
        job = client.submit(**arguments(name, dice, things), api_name=f"/{endpoint}")
        left_s = max(until + GRACE_S - time.time(), 0.0)
        places = waited(job, dice.uniform(*CANCELLED_AFTER_S) if name != endpoint else left_s)
        if name != endpoint or not job.done():
            start = time.perf_counter()
            job.cancel()
            return Asked(name, time.perf_counter() - start, "", places, name != CANCELLED)
        job.result(timeout=1)
    except Exception as error:
        return Asked(name, time.perf_counter() - start, f"{type(error).__name__}: {error}"[:200])
    return Asked(name, time.perf_counter() - start, "", places)


def waited(job: Any, seconds: float) -> tuple[int, ...]:
    """Wait for an answer or for so long; return the places in the queue that were told."""
    places: list[int] = []
    deadline = time.monotonic() + seconds
    while not job.done() and time.monotonic() < deadline:
        status = job.status()
        in_line = status.code.value == "IN_QUEUE" and status.rank is not None
        if in_line and places[-1:] != [status.rank]:
            places.append(status.rank)
        time.sleep(0.05)
    return tuple(places)


def weigh(pid: int, start: float, rows: list[tuple[float, float]], done: threading.Event) -> None:
    """Note what a process holds in memory, every second."""
    while not done.wait(1.0):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                held = int(line.split()[1]) * 1024 / MB
                rows.append((round(time.monotonic() - start, 1), round(held, 1)))


def crowd(url: str, pid: int | None, users: int, minutes: float, seed: int) -> Round:
    """Let so many users ask for so long."""
    begun, until = time.monotonic(), time.time() + 60 * minutes
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["gradio_client"])
    told = context.Queue()
    visitors = [
        context.Process(target=visit, args=(url, seed + number, until, told), daemon=True)
        for number in range(users)
    ]
    rows: list[tuple[float, float]] = []
    done = threading.Event()
    if pid is not None:
        threading.Thread(target=weigh, args=(pid, begun, rows, done), daemon=True).start()
    for visitor in visitors:
        visitor.start()
    patience_s = 60 * minutes + 2 * PATIENCE_S
    asked = [one for _ in visitors for one in told.get(timeout=patience_s)]
    done.set()
    for visitor in visitors:
        visitor.join()
    return summed(users, time.monotonic() - begun, asked, rows)


def summed(
    users: int, seconds: float, asked: Sequence[Asked], rows: list[tuple[float, float]]
) -> Round:
    """Put what was met into figures."""
    failed = [one for one in asked if one.failure]
    places = Counter(str(place) for one in asked for place in one.places)
    return Round(
        users=users,
        seconds=round(seconds, 1),
        load_average=os.getloadavg(),
        requests=len(asked),
        failures=len(failed),
        unfinished=sum(one.unfinished for one in asked),
        words=dict(Counter(one.failure for one in failed)),
        endpoints={name: times([one for one in asked if one.endpoint == name]) for name in MIX},
        places=dict(sorted(places.items(), key=lambda pair: int(pair[0]))),
        rss_mb=rows,
        growth_mb=round(growth(rows), 1),
    )


def times(asked: Sequence[Asked]) -> dict[str, float]:
    """Return how many were answered, the median and the 95th percentile in seconds."""
    seconds = sorted(one.seconds for one in asked if not one.failure and not one.unfinished)
    if not seconds:
        return {"answers": 0}
    p95 = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    p95 = min(p95, seconds[-1])
    return {
        "answers": len(seconds),
        "p50": round(statistics.median(seconds), 2),
        "p95": round(p95, 2),
    }


def growth(rows: Sequence[tuple[float, float]]) -> float:
    """Return by how many MB the last tenth of the time lies above the tenth after the middle."""
    if len(rows) < 20:
        return 0.0
    held = [mb for _, mb in rows]
    tenth, middle = len(held) // 10, len(held) // 2
    return statistics.median(held[-tenth:]) - statistics.median(held[middle : middle + tenth])


def lines(one: Round) -> Iterator[str]:
    """Say it in words."""
    load = one.load_average[0]
    yield f"{one.users} users, {one.seconds:.0f} s, load average {load:.1f}: "
    told = f"{one.requests} requests, {one.failures} failed {one.words or ''}".rstrip()
    yield f"  {told}, {one.unfinished} under way when the time was up"
    for name, found in one.endpoints.items():
        if found["answers"]:
            took = f"p50 {found['p50']:>6.2f} s   p95 {found['p95']:>6.2f} s"
            yield f"  {name:<15} {found['answers']:>4.0f}   {took}"
    yield f"  places in the queue that were told: {', '.join(one.places) or 'none'}"
    if one.rss_mb:
        held = [mb for _, mb in one.rss_mb]
        yield (
            f"  memory {held[0]:.0f} to {held[-1]:.0f} MB, at most {max(held):.0f}, "
            f"in the second half {one.growth_mb:+.0f}"
        )


def faults(one: Round) -> Iterator[str]:
    """Say what was not as it is promised."""
    if one.failures:
        yield f"{one.failures} requests failed"
    if one.growth_mb > MOST_GROWTH_MB:
        yield f"memory grew by {one.growth_mb:.0f} MB in the second half ({MOST_GROWTH_MB:.0f} may)"
    if one.users > MANY and not any(int(place) > 0 for place in one.places):
        yield "nobody was told a place in the queue"


@contextmanager
def page(url: str) -> Iterator[tuple[str, int | None]]:
    """Use a page that runs, or start one; yield its address and process."""
    if url:
        yield url, None
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {
            "GRADIO_SERVER_PORT": str(free_port()), "GRADIO_TEMP_DIR": str(folder / "gradio"),
            "ENGRAVE_HOME": str(folder / "home"), "GRADIO_ANALYTICS_ENABLED": "False",
        }  # fmt: skip
        command = [sys.executable, "app.py"]
        with served(command, ROOT, os.environ | settings, folder / "log") as (address, server):
            yield address, server.pid
        complaints = (folder / "log").read_text()
        if complaints.strip():
            print(f"The server complained:\n{complaints[-3000:]}")


def main() -> int:
    """Run from the command line; return 1 where something was not as it is promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--url", default="", help="of a page that runs already")
    parser.add_argument("--out", type=Path, help="JSON of all figures")
    asked = parser.parse_args()
    rounds = []
    with page(asked.url) as (url, pid):
        for users in asked.users:
            rounds.append(crowd(url, pid, users, asked.minutes, asked.seed))
            wrong = [f"  MISSED: {fault}" for fault in faults(rounds[-1])]
            print("\n".join([*lines(rounds[-1]), *wrong]), flush=True)
            if asked.out:
                asked.out.write_text(json.dumps([asdict(one) for one in rounds], indent=1) + "\n")
    return 1 if any(list(faults(one)) for one in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
