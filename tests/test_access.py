"""Names and passwords from the environment, and what a page for looking only refuses."""

import subprocess
import sys

import pytest

from engrave.access import accounts, admits, hashed, read_only, refuse_changes
from engrave.errors import AccessError, ConfigError


def test_nobody_is_asked_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGRAVE_AUTH", raising=False)
    assert accounts() == {}


def test_passwords_and_hashes_let_their_owners_in(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hashed("geheim, sehr")
    monkeypatch.setenv("ENGRAVE_AUTH", f"ada:plain:word, otto:{kept}")
    check = admits(accounts())
    assert check("ada", "plain:word") and check("otto", "geheim, sehr")
    for name, password in [("ada", "plain"), ("otto", kept), ("eve", "nobody"), ("", "")]:
        assert not check(name, password)


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
    assert admits({"ada": made.stdout.strip()})("ada", "a b")


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
