"""Fetches pages and pictures politely: one at a time from a host, bounded in size and time."""

from __future__ import annotations

import email.utils
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus

import httpcore

from engrave.errors import SourceError
from engrave.image import MAX_BYTES
from engrave.sources.addresses import Address, checked_address, joined
from engrave.sources.network import CONNECT_S, READ_S, Network
from engrave.sources.words import shown

AGENT = "Engrave/0.1 (imports pictures into a collection of engravings)"
MAX_REDIRECTS = 5
MAX_SECONDS = 90.0  # for one answer
TRIES = 4
FIRST_WAIT_S = 1.0  # doubled with each try
MAX_WAIT_S = 60.0  # that a host may ask for
BUSY = (429, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
BROKEN = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # one at a time from a host


class Fetcher:
    """Asks listed hosts only; `private` opens private networks, and only code can say it."""

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        private: bool = False,
        seconds: float = MAX_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._hosts, self._private = tuple(hosts), private
        self._seconds, self._sleep = seconds, sleep
        self._lines: dict[str, tuple[Network, httpcore.ConnectionPool]] = {}

    def check(self, address: str) -> None:
        """Raise SourceError where the address may not be asked."""
        checked_address(address, self._hosts)

    def get(self, address: str, max_bytes: int = MAX_BYTES) -> bytes:
        """Return what lies at an address; raises SourceError."""
        for _ in range(MAX_REDIRECTS + 1):
            checked = checked_address(address, self._hosts)
            onward, data = self._ask_in_turn(checked, max_bytes)
            if onward is None:
                return data
            address = joined(str(checked), onward)
        raise SourceError(
            f"{shown(address)} leads on more than {MAX_REDIRECTS} times; give the last address."
        )

    def _ask_in_turn(self, address: Address, max_bytes: int) -> tuple[str | None, bytes]:
        """Ask until the host has time for us; a wait holds up its other askers too."""
        with _turns[f"{address.host}:{address.port}"]:
            for tried in range(1, TRIES + 1):
                wait_s = FIRST_WAIT_S * 2 ** (tried - 1)
                try:
                    status, headers, data = self._ask(address, max_bytes)
                except BROKEN as error:
                    if tried == TRIES or isinstance(error, httpcore.ReadTimeout):
                        raise SourceError(_unheard(address, error)) from error
                    self._sleep(wait_s)
                    continue
                if status in REDIRECTS and headers.get("location"):
                    return headers["location"], b""
                if status == HTTPStatus.OK:
                    return None, data
                if status not in BUSY or tried == TRIES:
                    raise SourceError(_answered(address, status))
                self._sleep(max(wait_s, _asked_wait(headers.get("retry-after", ""), address)))
        raise AssertionError("every try ends above")

    def _ask(self, address: Address, max_bytes: int) -> tuple[int, dict[str, str], bytes]:
        """Send one request; returns status, headers and, of a good answer, its bytes."""
        network, pool = self._line(address)
        network.ends_at = time.monotonic() + self._seconds
        url = httpcore.URL(
            scheme=address.scheme, host=address.host, port=address.port, target=address.target
        )
        headers = [("User-Agent", AGENT), ("Accept-Encoding", "identity"), ("Accept", "*/*")]
        limits = {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": READ_S}
        with pool.stream("GET", url, headers=headers, extensions={"timeout": limits}) as answer:
            told = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in answer.headers
            }
            if answer.status != HTTPStatus.OK:
                return answer.status, told, b""
            return answer.status, told, _bounded(answer.iter_stream(), told, max_bytes, address)

    def _line(self, address: Address) -> tuple[Network, httpcore.ConnectionPool]:
        """Return the connection to a host, which its turn keeps to one user at a time."""
        name = f"{address.host}:{address.port}"
        if name not in self._lines:
            network = Network(self._private)
            pool = httpcore.ConnectionPool(
                max_connections=1, keepalive_expiry=10, network_backend=network
            )
            self._lines[name] = network, pool
        return self._lines[name]


def _bounded(
    pieces: Iterable[bytes], told: dict[str, str], max_bytes: int, address: Address
) -> bytes:
    """Put an answer together, unpacked where the host packed it unasked, and never too much."""
    packing = told.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip", "deflate", ""):
        raise SourceError(
            f"{shown(address)} answers in a packing that is not read ({shown(packing)})."
        )
    opener = None if packing in ("identity", "") else zlib.decompressobj(wbits=47)
    whole = bytearray()
    announced = told.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:15]) > max_bytes:
        raise SourceError(_too_much(address, max_bytes))
    try:
        for piece in pieces:
            whole += opener.decompress(piece, max_bytes + 1 - len(whole)) if opener else piece
            if len(whole) > max_bytes:
                raise SourceError(_too_much(address, max_bytes))
    except zlib.error as error:
        raise SourceError(f"{shown(address)} answers with damaged data; try again.") from error
    return bytes(whole)


def _asked_wait(told: str, address: Address) -> float:
    """Return the seconds that a host asks us to wait; raises SourceError where they are many."""
    if told.isascii() and told.isdigit():
        wait_s = float(told[:9])
    else:
        try:
            wait_s = email.utils.parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    if wait_s > MAX_WAIT_S:
        raise SourceError(
            f"{shown(address.host)} asks us to come back in {wait_s:,.0f} seconds; "
            "import again then, it goes on where it stopped."
        )
    return max(0.0, wait_s)


def _answered(address: Address, status: int) -> str:
    try:
        phrase = f"{status}, {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    todo = "try again later" if status in BUSY or status >= 500 else "check the address"
    return f"{shown(address)} was asked for and the host answered {phrase}; {todo}."


def _unheard(address: Address, error: Exception) -> str:
    late = isinstance(error, httpcore.TimeoutException)
    why = "took too long" if late else f"broke off ({shown(str(error) or type(error).__name__)})"
    return f"{shown(address)} was asked for and the answer {why}; try again later."


def _too_much(address: Address, max_bytes: int) -> str:
    return f"{shown(address)} holds more than {max_bytes / 1e6:,.0f} MB, which is not read."
