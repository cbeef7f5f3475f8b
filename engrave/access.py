"""Who may use the page and whether it may be changed. Knows the environment, and no widgets.

`python -m engrave.access` asks for a password and prints the hash that ENGRAVE_AUTH takes.
"""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import hmac
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from engrave.errors import AccessError, ConfigError

SCRYPT = "scrypt"
COST, BLOCK, LANES = 2**14, 8, 1  # 16 MB and some 50 ms for each try
TRIES, TRIES_S = 10, 60.0  # wrong ones of a name, in so many seconds
THIS_MACHINE = {"", "127.0.0.1", "localhost", "::1"}
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def accounts() -> dict[str, str]:
    """Return the passwords or their hashes by name, as ENGRAVE_AUTH gives them; raises ConfigError.

    It reads `name:password,other:hash`; where it is not set, everybody may come in.
    """
    text = os.environ.get("ENGRAVE_AUTH", "").strip()
    found: dict[str, str] = {}
    for number, part in enumerate(text.split(",") if text else [], start=1):
        name, _, secret = (piece.strip() for piece in part.partition(":"))
        if not name or not secret or name in found:
            raise ConfigError(
                f"Entry {number} of ENGRAVE_AUTH is no new 'name:password'; write "
                "name:password,other:password, and hash a password that has a comma in it."
            )
        if _is_hash(secret):
            _parts(secret)  # a hash that was cut short is told at the start, not at each login
        found[name] = secret
    return found


def admits(known: dict[str, str]) -> Callable[[str, str], Awaitable[bool]]:
    """Return what tells whether a name and a password belong together."""
    kept = {name: secret if _is_hash(secret) else hashed(secret) for name, secret in known.items()}
    # for an unknown name as long as for a known one, so that nobody learns which are known
    nobody = hashed(secrets.token_hex())
    tries = _Tries()
    worker = ThreadPoolExecutor(1, "login")  # beside the server, which goes on meanwhile

    async def check(name: str, password: str) -> bool:
        if not tries.begin(name):
            return False
        work = worker.submit(_matches, password, kept.get(name, nobody))
        if not await asyncio.wrap_future(work) or name not in kept:
            return False
        tries.forgive(name)
        return True

    return check


class _Tries:
    """Counts wrong tries; names share counters by chance, so that these stay few."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._began: dict[bytes, list[float]] = {}

    def begin(self, name: str) -> bool:
        """Count a try; False where there were too many of late."""
        now = time.monotonic()
        counted = self._began.setdefault(self._counter(name), [])
        counted[:] = [start for start in counted if now - start < TRIES_S]
        if len(counted) >= TRIES:
            return False
        counted.append(now)
        return True

    def forgive(self, name: str) -> None:
        """Take back a try that was right."""
        if counted := self._began.get(self._counter(name)):
            counted.pop()

    def _counter(self, name: str) -> bytes:
        text = name.encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._key, digest_size=2).digest()


def hashed(password: str) -> str:
    """Return a salted hash of a password, in the form that `accounts` takes."""
    salt = secrets.token_bytes(16)
    return ".".join([SCRYPT, _text(salt), _text(_digest(password, salt))])


def read_only() -> bool:
    """Tell whether ENGRAVE_READ_ONLY forbids changes; raises ConfigError for what is no answer."""
    value = os.environ.get("ENGRAVE_READ_ONLY", "").strip().lower()
    if value not in (*YES, *NO):
        raise ConfigError(f"ENGRAVE_READ_ONLY is {value[:20]!r}; set it to 1, or leave it out.")
    return value in YES


def alone() -> bool:
    """Tell whether what one visitor brings is kept from the others.

    They are in a Space, behind a proxy and where other machines are served, unless ENGRAVE_SHARED
    is 1; where it is 0 they always are.
    """
    said = shared()
    return said == "0" if said else not local()


def local() -> bool:
    """Tell whether only this machine is served, and by none of the names of a proxy or a Space."""
    served = os.environ.get("GRADIO_SERVER_NAME", "")
    elsewhere = os.environ.get("SPACE_ID") or os.environ.get("GRADIO_ROOT_PATH")
    return not elsewhere and served in THIS_MACHINE


def shared() -> str:
    """Return what ENGRAVE_SHARED says, where it says something."""
    said = os.environ.get("ENGRAVE_SHARED", "")
    return said if said in ("0", "1") else ""


def refuse_changes() -> None:
    """Raise AccessError where nothing may be changed."""
    if read_only():
        raise AccessError(
            "This page is for looking only; to change names or collections, "
            "run Engrave on a machine of your own."
        )


def _is_hash(secret: str) -> bool:
    return secret.startswith(f"{SCRYPT}.")


def _matches(password: str, kept: str) -> bool:
    salt, digest = _parts(kept)
    return hmac.compare_digest(_digest(password, salt), digest)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, dklen=32)


def _parts(kept: str) -> tuple[bytes, bytes]:
    try:
        salt, digest = (base64.urlsafe_b64decode(part) for part in kept.split(".")[1:])
    except ValueError:
        salt = digest = b""
    if len(salt) != 16 or len(digest) != 32:
        raise ConfigError(
            "A hash in ENGRAVE_AUTH is not whole; make it anew with python -m engrave.access."
        )
    return salt, digest


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


if __name__ == "__main__":
    asked = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    print(hashed(asked))
