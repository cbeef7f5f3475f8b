"""Names and passwords from the environment, and what a page for looking only refuses."""

import asyncio
import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engrave.access import (
    TRIES,
    TRIES_S,
    accounts,
    admits,
    hashed,
    read_only,
    refuse_changes,
)
from engrave.errors import AccessError, ConfigError


def test_nobody_is_asked_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGRAVE_AUTH", raising=False)
    assert accounts() == {}


def test_passwords_and_hashes_let_their_owners_in(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hashed("geheim, sehr")
    monkeypatch.setenv("ENGRAVE_AUTH", f"ada:plain:word, otto:{kept}")
    check = admits(accounts())
    assert asked(check, "ada", "plain:word") and asked(check, "otto", "geheim, sehr")
    for name, password in [("ada", "plain"), ("otto", kept), ("eve", "nobody"), ("", "")]:
        assert not asked(check, name, password)


@pytest.mark.parametrize("name", ["ada", "otto", "eve", ""])
def test_every_try_costs_one_hash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check = admits({"ada": "plain", "otto": hashed("word")})
    made: list[bytes] = []
    scrypt = hashlib.scrypt

    def counted(password: bytes, **wish: Any) -> bytes:
        made.append(password)
        assert threading.current_thread() is not threading.main_thread()  # the server goes on
        return scrypt(password, **wish)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    assert not asked(check, name, "wrong")
    assert made == [b"wrong"]


def test_passwords_cannot_be_tried_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    check = admits({"ada": "word", "otto": "word"})
    for _ in range(3 * TRIES):
        assert asked(check, "ada", "word")  # who knows it is never refused
    tried = [asked(check, "ada", f"wrong {number}") for number in range(TRIES)]
    assert not any(tried) and not asked(check, "ada", "word")
    assert asked(check, "otto", "word")  # nobody else waits
    later = time.monotonic() + TRIES_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert asked(check, "ada", "word")


def asked(check: Callable[[str, str], Awaitable[bool]], name: str, password: str) -> bool:
    """Return what a login would answer."""

    async def ask() -> bool:
        return await check(name, password)

    return (
        ThreadPoolExecutor(1).submit(asyncio.run, ask()).result()
    )  # browser tests leave a loop here


def test_the_same_password_never_has_the_same_hash() -> None:
    assert hashed("word") != hashed("word") and "word" not in hashed("word")


@pytest.mark.parametrize(
    "text", ["ada", "ada:", ":word", "ada:a,,otto:b", "ada:a,ada:b", f"ada:{hashed('a')[:-9]}"]
)
def test_what_is_no_list_of_accounts_is_told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ENGRAVE_AUTH", text)
    with pytest.raises(ConfigError, match="ENGRAVE_AUTH") as told:
        accounts()
    assert "word" not in str(told.value).replace("password", "")  # no secret goes to a log


def test_the_module_makes_hashes() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "engrave.access"], input="a b\n", capture_output=True, text=True
    )
    assert asked(admits({"ada": made.stdout.strip()}), "ada", "a b")


@pytest.mark.parametrize(
    ("value", "answer"), [("1", True), ("TRUE", True), ("", False), ("0", False)]
)
def test_looking_only(monkeypatch: pytest.MonkeyPatch, value: str, answer: bool) -> None:
    monkeypatch.setenv("ENGRAVE_READ_ONLY", value)
    assert read_only() is answer
    if answer:
        with pytest.raises(AccessError, match="for looking only"):
            refuse_changes()
    else:
        refuse_changes()


def test_a_slip_is_not_taken_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAVE_READ_ONLY", "ture")
    with pytest.raises(ConfigError, match="'ture'; set it to 1"):
        read_only()
