"""What an import notes on disk: a full disk is told in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engrave.errors import SourceError
from engrave.sources.keys import Keys
from engrave.sources.ledger import Ledger
from engrave.sources.scratch import scratch

FULL = "PRAGMA max_page_count = 1"  # what SQLite then says is what it says of a full disk


def of_keys() -> None:
    """Give out keys until the disk is full."""
    keys = Keys()
    keys._base.execute(FULL)
    for number in range(10_000):
        keys.claim(f"{number:0900d}", "here")


def of_rows() -> None:
    """Keep rows until the disk is full."""
    ledger = Ledger(["a.png"], "top")
    ledger._base.execute(FULL)
    for number in range(10_000):
        ledger.add(f"{number}.png", 0, {"title": "x" * 900})


def of_addresses() -> None:
    """Keep addresses until the disk is full."""
    ledger = Ledger(["a.png"], "top")
    ledger._base.execute(FULL)
    for number in range(10_000):
        ledger.add_remote(f"https://a.example/{number}", {"title": "x" * 900})


def of_many() -> None:
    """Fill a table in one go."""
    base = scratch()
    base.executescript(f"CREATE TABLE a (b TEXT); {FULL};")
    base.executemany("INSERT INTO a VALUES (?)", [("x" * 900,)] * 10_000)


@pytest.mark.parametrize("work", [of_keys, of_rows, of_addresses, of_many])
def test_a_full_disk_is_told(work: Callable[[], None]) -> None:
    with pytest.raises(SourceError, match="make room"):
        work()
