"""Encrypted hosts: the certificate must be that of the name, though the number was chosen by us."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engrave.errors import SourceError
from engrave.sources.fetch import Fetcher
from tests.sources.server import Host, serving


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host that is called secure.example, with a certificate that this test trusts."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=secure.example",
         "-addext", "subjectAltName=DNS:secure.example"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host.endswith(".example") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with serving() as host:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        host.server.socket = context.wrap_socket(host.server.socket, server_side=True)
        yield host


def get(host: Host, name: str) -> bytes:
    place = f"{name}:{host.server.server_port}"
    return Fetcher([place], private=True, sleep=lambda _: None).get(f"https://{place}/a")


def test_the_certificate_of_the_name_is_taken(secure: Host) -> None:
    secure.put("/a", b"fine")
    assert get(secure, "secure.example") == b"fine"


def test_the_certificate_of_another_name_is_not(secure: Host) -> None:
    secure.put("/a", b"fine")
    with pytest.raises(SourceError, match=r"broke off \(.*[Hh]ostname mismatch"):
        get(secure, "other.example")
    assert secure.asked == []


def test_a_certificate_that_nobody_vouches_for(
    secure: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceError, match=r"broke off \(.*certificate verify failed"):
        get(secure, "secure.example")
    assert secure.asked == []
