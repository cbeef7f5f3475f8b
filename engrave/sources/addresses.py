"""Tells which addresses may be asked: hosts that the deployer lists, and no private network."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from engrave.errors import SourceError
from engrave.sources.words import shown

PORTS = {"http": 80, "https": 443}
MAX_ADDRESS = 4_000  # characters
SAFE = "!#$%&'()*+,/:;=?@[]~"  # what is quoted already stays as it is
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart once, so that what is checked is what is asked."""

    scheme: str
    host: str  # lower case, in letters that the name system knows
    port: int
    target: str  # path and query

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def allowed_hosts() -> tuple[str, ...]:
    """Return the hosts that ENGRAVE_HOSTS lists, separated by commas."""
    return tuple(filter(None, map(str.strip, os.environ.get("ENGRAVE_HOSTS", "").split(","))))


def is_address(text: str) -> bool:
    """Tell an address on the network from a path."""
    return re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) is not None


def checked_address(text: str, hosts: Sequence[str]) -> Address:
    """Return an address whose host is listed; raises SourceError."""
    named = f"'{shown(text)}'"
    if len(text) > MAX_ADDRESS or re.search(r"[\x00-\x20\x7f\\]", text):
        raise SourceError(f"{named} is no address: too long, or with blanks in it; check it.")
    try:
        parts = urlsplit(quote(text, safe=SAFE) if text.isascii() else _quoted(text))
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        host = host.rstrip(".").lower()
    except (ValueError, UnicodeError) as error:
        raise SourceError(f"{named} is no address that can be read; check it.") from error
    if scheme not in PORTS or not host or "@" in parts.netloc:
        raise SourceError(
            f"{named} is no address that is asked; give one that begins with https:// or http://, "
            "without a user's name."
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = Address(
        scheme=scheme, host=host, port=PORTS[scheme] if port is None else port, target=target
    )
    if not any(_fits(address, listed) for listed in hosts):
        known = shown(", ".join(hosts)) if hosts else "none"
        raise SourceError(
            f"{shown(host)} is not among the hosts that may be asked "
            f"(ENGRAVE_HOSTS lists {known}); whoever runs this app can add it there."
        )
    return address


def joined(base: str, onward: str) -> str:
    """Return an address that another one names; what is no address stays as it is, for whoever
    asks it to be told."""
    try:
        return urldefrag(urljoin(base, onward)).url
    except ValueError:
        return onward


def check_network(numbers: Sequence[str], host: str) -> None:
    """Refuse a host of which even one number is no public one; raises SourceError."""
    for number in numbers:
        if not _is_public(ipaddress.ip_address(number.partition("%")[0])):
            raise SourceError(
                f"{shown(host)} leads to {number}, which is no public address; "
                "give an address that anybody can reach."
            )


def _quoted(text: str) -> str:
    """Write an address with letters of any script in those that servers take."""
    parts = urlsplit(text)
    host = (parts.hostname or "").encode("idna").decode()
    port = "" if parts.port is None else f":{parts.port}"
    user = "@" if "@" in parts.netloc else ""
    rest = quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe=SAFE)
    return f"{parts.scheme}://{user}{host}{port}{rest}"


def _fits(address: Address, listed: str) -> bool:
    """Compare with a listed host: `example.org`, `*.example.org` or `example.org:8080`."""
    listed = listed.lower()
    name, _, port = listed.rpartition(":") if re.search(r":\d+$", listed) else (listed, "", "")
    name = name.strip("[]")
    if address.port != (int(port) if port else PORTS[address.scheme]):
        return False
    if name.startswith("*."):
        return address.host.endswith(name[1:])
    return address.host == name


def _is_public(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour or (number.teredo or (None, None))[1]
        if number in NAT64:
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if number.is_site_local:
            return False
    return number.is_global and not (number.is_multicast or number.is_reserved)
