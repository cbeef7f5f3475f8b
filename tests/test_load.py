"""What the load script makes of what its visitors met; the script itself takes minutes."""

import random
import time
from pathlib import Path

from gradio_client import Client

from tests.fakes import fake_engine
from tests.load import Asked, ask, faults, growth, lines, summed
from tests.load_mix import MIX, brought, endpoint_of
from tests.test_ui_api import PUBLIC


def test_what_was_met_is_put_into_figures() -> None:
    asked = [Asked("search", float(n), "", (2, 1, 0)) for n in range(1, 22)]
    asked.append(Asked("caption", 3.0, "AppError: no"))
    found = summed(8, 60.0, asked, [(float(n), 1000.0 + n) for n in range(100)])
    assert (found.requests, found.failures, found.words) == (22, 1, {"AppError: no": 1})
    assert found.endpoints["search"] == {"answers": 21, "p50": 11.0, "p95": 20.9}
    assert found.endpoints["caption"] == {"answers": 0} and set(found.endpoints) == set(MIX)
    assert found.places == {"0": 21, "1": 21, "2": 21}
    assert found.growth_mb == 40.0
    assert any("1 failed" in line for line in lines(found))
    assert list(faults(found)) == ["1 requests failed"]


def test_growth_and_silence_in_the_queue_are_faults() -> None:
    grew = [(float(n), 1000.0 + 2 * n) for n in range(100)]
    told = [Asked("search", 1.0, "", (1, 0))]
    assert list(faults(summed(32, 60.0, told, grew))) == [
        "memory grew by 80 MB in the second half (50 may)"
    ]
    silent = [Asked("search", 1.0, "", (0,))]
    assert list(faults(summed(32, 60.0, silent, []))) == ["nobody was told a place in the queue"]
    assert not list(faults(summed(1, 60.0, silent, [])))


def test_memory_that_grew_early_and_then_stayed_is_no_growth() -> None:
    early = [(float(n), min(500.0 + 20 * n, 1500.0)) for n in range(200)]
    assert growth(early) == 0.0 and growth(early[:5]) == 0.0


def test_every_endpoint_is_asked_and_answers(url: str, tmp_path: Path) -> None:
    assert {f"/{endpoint_of(name)}" for name in MIX} == PUBLIC
    client = Client(url, verbose=False, analytics_enabled=False, download_files=False)
    things = brought(client, tmp_path, 0, known=fake_engine().collection.item(5).id)
    for name in MIX:
        found = ask(client, name, random.Random(0), things, until=time.time() + 60)
        assert (found.endpoint, found.failure) == (name, "")
        assert not found.unfinished
