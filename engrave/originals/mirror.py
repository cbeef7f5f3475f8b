"""Fetches files from a mirror of Project Gutenberg, one at a time and no faster than it wishes.
Knows no pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser

import httpx

from engrave.errors import OriginalsError
from engrave.image import MAX_BYTES
from engrave.originals.manners import (
    AGENT,
    ANSWERS,
    BACKOFF_S,
    BUSY,
    FOR_PEOPLE,
    GONE,
    IN_A_ROW,
    MIRROR,
    PATIENCE_S,
    PAUSE_S,
    ROBOT,
    SILENCE_S,
    TRIES,
    WHOLE_S,
)
from engrave.originals.sources import Got, Missed, paths_of
from engrave.originals.wanted import Wanted

NOT_HELD = Missed("the mirror does not hold it", final=True)


class Mirror:
    """One host, asked for one file at a time; learns in which of its folders books lie."""

    def __init__(
        self,
        address: str = MIRROR,
        *,
        pause_s: float = PAUSE_S,
        backoff_s: float = BACKOFF_S,
        wait: Callable[[float], None] = time.sleep,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.name = address.rstrip("/")
        self.pause_s, self.backoff_s = pause_s, backoff_s
        self._wait, self._asked_at, self._failed = wait, 0.0, 0
        self._layout = 0  # of paths_of, where the last file was found
        self._robots: RobotFileParser | None = None
        _check(self.name)
        self._client = httpx.Client(
            headers={"User-Agent": AGENT},
            timeout=silence_s,
            follow_redirects=True,
            max_redirects=5,
            event_hooks={"request": [lambda request: _check(str(request.url))]},
        )

    def fetch(self, wanted: Wanted) -> Got | Missed:
        """Return a file or why not; raises OriginalsError where the mirror wants no more."""
        paths = list(paths_of(wanted))
        missed = NOT_HELD
        # stable: beside the folder that the last file was found in, in their own order
        for layout in sorted(range(len(paths)), key=lambda one: one != self._layout):
            answer = self._get(f"{self.name}/{quote(paths[layout])}")
            if isinstance(answer, Got):
                self._layout, self._failed = layout, 0
                return answer
            missed = answer
            if missed != NOT_HELD:
                break
        self._failed = 0 if missed.final else self._failed + 1
        if self._failed >= IN_A_ROW:
            raise OriginalsError(
                f"{self.name} failed for {self._failed} files in a row ({missed.why}); "
                "run it again later, or name another by --mirror."
            )
        return missed

    def _get(self, address: str) -> Got | Missed:
        """Ask for an address that the robots.txt allows."""
        if self._robots is None:
            self._robots = self._read_robots()
        if not self._robots.can_fetch(ROBOT, address):
            raise OriginalsError(f"The robots.txt of {self.name} forbids {address}; use another.")
        return self._patiently(address)

    def _patiently(self, address: str) -> Got | Missed:
        """Ask for one address, again where that may help."""
        for attempt in range(TRIES):
            answer = self._once(address)
            last = attempt == TRIES - 1
            if isinstance(answer, Got) or answer.final or last:
                break
            self._wait(max(answer.wait_s, self.backoff_s * 2**attempt))
        return answer

    def _once(self, address: str) -> Got | Missed:
        self._pace()
        try:
            with self._client.stream("GET", address) as answer:
                return _body(answer) if answer.status_code == 200 else self._refusal(answer)
        except httpx.TooManyRedirects:
            return Missed("its address leads in a circle", final=True)
        except httpx.TimeoutException:
            return Missed("the mirror did not answer in time", final=False)
        except httpx.HTTPError as error:
            return Missed(f"the connection broke ({_short(error)})", final=False)
        finally:
            self._asked_at = time.monotonic()

    def _refusal(self, answer: httpx.Response) -> Missed:
        code = answer.status_code
        if code in ANSWERS:
            raise OriginalsError(f"{self.name} {ANSWERS[code]} ({code}); name another by --mirror.")
        if code in GONE:
            return NOT_HELD
        if code not in BUSY:
            return Missed(f"the mirror answered {code}", final=True)
        wait_s = _asked_wait(answer.headers.get("Retry-After", ""))
        if wait_s > PATIENCE_S:
            raise OriginalsError(
                f"{self.name} asks to be left alone for {wait_s / 60:.0f} minutes; "
                "run it again then, it goes on where it stopped."
            )
        return Missed(f"the mirror is busy (it answered {code})", final=False, wait_s=wait_s)

    def _pace(self) -> None:
        """Wait until the pause since the last answer is over."""
        left_s = self._asked_at + self.pause_s - time.monotonic()
        if self._asked_at and left_s > 0:
            self._wait(left_s)

    def _read_robots(self) -> RobotFileParser:
        """Read the rules of the host; one without rules allows all."""
        parts = urlsplit(self.name)
        answer = self._patiently(f"{parts.scheme}://{parts.netloc}/robots.txt")
        if isinstance(answer, Missed) and not answer.final:
            raise OriginalsError(
                f"{self.name} cannot be reached: {answer.why}; check the connection, "
                "or name another by --mirror."
            )
        text = answer.data.decode("utf-8", "replace") if isinstance(answer, Got) else ""
        rules = RobotFileParser()
        rules.parse(text.splitlines())
        self.pause_s = max(self.pause_s, float(rules.crawl_delay(ROBOT) or 0))
        return rules


def _body(answer: httpx.Response) -> Got | Missed:
    """Read a file to its end, as long as it is neither endless nor too slow."""
    until = time.monotonic() + WHOLE_S
    data = bytearray()
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) > MAX_BYTES:
            return Missed(f"it has more than {MAX_BYTES // 1_000_000} MB", final=True)
        if time.monotonic() > until:
            return Missed(f"it took more than {WHOLE_S:.0f} s", final=False)
    return Got(bytes(data), str(answer.request.url))


def _asked_wait(header: str) -> float:
    """Return the seconds that a Retry-After asks for, given as a number or as a date."""
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _check(address: str) -> None:
    """Refuse what is no web address, and the site that is for people only."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OriginalsError(f"'{address[:80]}' is no web address; give one such as {MIRROR}.")
    if parts.hostname.lower() in FOR_PEOPLE:
        raise OriginalsError(
            f"{parts.hostname} is for people, not for programs; use a mirror such as {MIRROR}."
        )


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:80]
