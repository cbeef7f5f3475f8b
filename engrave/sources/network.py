"""Connects to the very number that was checked, and lets no answer take longer than it may."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from engrave.errors import SourceError
from engrave.sources.addresses import check_network
from engrave.sources.words import shown

CONNECT_S, READ_S = 10.0, 20.0  # of one step; `ends_at` bounds all of them together


class Network(httpcore.NetworkBackend):
    """Resolves, checks and connects in one go, so that no name can change its number between."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._plain = httpcore.SyncBackend()
        self.ends_at = 0.0  # on the monotonic clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first number that answers, all of them checked before."""
        numbers = _numbers(host, port)
        if not self._private:
            check_network(numbers, host)
        for number in numbers[:-1]:
            try:
                return self._connect(number, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # as where a host has a number of the newer kind and we have no road to it
        return self._connect(numbers[-1], port)

    def _connect(self, number: str, port: int) -> httpcore.NetworkStream:
        limit = self.left(CONNECT_S)
        return _Stream(self._plain.connect_tcp(number, port, timeout=limit), self)

    def left(self, limit_s: float | None) -> float:
        """Return how long the next step may take; raises ReadTimeout where no time is left."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return min(left, READ_S if limit_s is None else limit_s)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step looks at the clock."""

    def __init__(self, plain: httpcore.NetworkStream, network: Network) -> None:
        self._plain, self._network = plain, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at most so many bytes."""
        return self._plain.read(max_bytes, self._network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._plain.write(buffer, self._network.left(timeout))

    def close(self) -> None:
        """End the connection."""
        self._plain.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted; the host's certificate is checked by its name."""
        limit = self._network.left(timeout)
        return _Stream(self._plain.start_tls(ssl_context, server_hostname, limit), self._network)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._plain.get_extra_info(info)


def _numbers(host: str, port: int) -> list[str]:
    """Return the numbers of a host, each once; raises SourceError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"There is no host '{shown(host)}' to be found; check it.") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
