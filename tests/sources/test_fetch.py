"""Fetching: listed hosts only, no private network by any road, bounded, polite."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from engrave.errors import SourceError
from engrave.sources import allowed_hosts
from engrave.sources.addresses import check_network, checked_address
from engrave.sources.fetch import AGENT, Fetcher
from tests.sources.server import Host, send, serving


def fetcher(host: Host, **settings: Any) -> Fetcher:
    return Fetcher([host.name], private=True, **settings)


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("https://example.org/a", "example.org"), ("http://EXAMPLE.org./a?b#c", "example.org"),
        ("https://iiif.example.org/a", "*.example.org"),
        ("http://example.org:8080/", "example.org:8080"),
        ("https://bücher.example/ü", "xn--bcher-kva.example"),
        ("https://[2001:db8::1]/a", "[2001:db8::1]"),
    ],
)  # fmt: skip
def test_listed_hosts_pass(address: str, listed: str) -> None:
    assert checked_address(address, [listed, "other.org"]).host


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.org/", "https://example.org.evil.org/", "https://evilexample.org/",
        "http://example.org:22/", "https://example.org:80/", "http://example.org@evil.org/",
        "http://user:secret@example.org/", "http://example.org\\@evil.org/", "http:///a",
        "http://evil.org#@example.org/", "http://evil.org/?@example.org", "ftp://example.org/",
        "file:///etc/passwd", "file://example.org/etc/passwd", "gopher://example.org/",
        "http://exa\nmple.org/", "http://example.org/\r\nHost: evil.org", "http://example.org:x/",
        "http://example.org:99999/", "http://[::1/", "http://127.0.0.1/", "http://0/",
        "//example.org/", "https://example.org/" + "a" * 5_000, "", "http://ex ample.org", "http://\udcff.org/",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(SourceError) as raised:
        checked_address(address, ["example.org", "*.example.org"])
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500


def test_an_empty_list_says_so() -> None:
    with pytest.raises(SourceError, match=r"ENGRAVE_HOSTS lists none\); whoever runs this app"):
        checked_address("https://example.org/", [])


def test_the_list_of_the_deployer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGRAVE_HOSTS", " example.org, ,*.loc.gov,")
    assert allowed_hosts() == ("example.org", "*.loc.gov")
    monkeypatch.delenv("ENGRAVE_HOSTS")
    assert allowed_hosts() == ()


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
        "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_numbers_of_private_networks(number: str) -> None:
    with pytest.raises(SourceError, match="no public address"):
        check_network(["1.1.1.1", number], "example.org")


@pytest.mark.parametrize(
    "number", ["1.1.1.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_numbers(number: str) -> None:
    check_network([number], "example.org")


def test_without_leave_no_private_host_is_asked(host: Host) -> None:
    with pytest.raises(SourceError, match=r"leads to 127\.0\.0\.1, which is no public address"):
        Fetcher([host.name]).get(host.put("/a", b"x"))
    assert host.asked == []


def answer_with(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make the name system give these numbers, one answer after the other."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host[-1].isdigit():
            return real(host, port, *rest, **more)
        asked.append(host)
        numbers = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    monkeypatch.setattr("engrave.sources.network.socket.getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_changes_its_number_is_asked_once(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number that was checked is the one that is connected to."""
    connected: list[str] = []
    port = host.server.server_port
    connect = socket.create_connection

    def record(place: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        connected.append(place[0])
        return connect(("127.0.0.1", port), *rest, **more)

    monkeypatch.setattr(socket, "create_connection", record)
    asked = answer_with(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    host.put("/a", b"fine")
    assert Fetcher([f"rebind.example:{port}"]).get(f"http://rebind.example:{port}/a") == b"fine"
    assert (asked, connected) == (["rebind.example"], ["1.1.1.1"])
    assert host.headers[0]["Host"] == f"rebind.example:{port}"


def test_one_private_number_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, ["1.1.1.1", "10.0.0.7"])
    with pytest.raises(SourceError, match=r"leads to 10\.0\.0\.7"):
        Fetcher(["rebind.example"]).get("http://rebind.example/")


def test_a_redirect_is_followed_and_checked(host: Host) -> None:
    host.put("/end", b"here")
    host.redirect("/middle", "end")
    assert fetcher(host).get(host.redirect("/start", f"{host.base}/middle", 308)) == b"here"
    assert host.asked == ["/start", "/middle", "/end"]


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/", "http://localhost/", "file:///etc/passwd",
        "//10.0.0.1/a", "http://[::1]/", "gopher://x/", "http://2130706433/", "https://evil.org/",
    ],
)  # fmt: skip
def test_a_redirect_leads_to_no_other_host(host: Host, to: str) -> None:
    with pytest.raises(SourceError, match=r"may be asked|no address that is asked"):
        fetcher(host).get(host.redirect("/start", to))


def test_a_redirect_to_a_private_host_that_is_listed_by_name(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listed name that leads home is refused at the second step as it is at the first."""
    port = host.server.server_port
    host.redirect("/start", f"http://inner.example:{port}/secret")
    connect = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda place, *a, **k: connect(("127.0.0.1", port), *a, **k)
    )
    answer_with(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
    hosts = [f"outer.example:{port}", f"inner.example:{port}"]
    with pytest.raises(SourceError, match=r"inner\.example leads to 127\.0\.0\.1"):
        Fetcher(hosts).get(f"http://outer.example:{port}/start")
    assert host.asked == ["/start"]


def test_redirects_in_a_circle_end(host: Host) -> None:
    host.redirect("/b", "/a")
    with pytest.raises(SourceError, match="more than 5 times"):
        fetcher(host).get(host.redirect("/a", "/b"))
    assert len(host.asked) == 6


def test_a_stream_without_end_is_cut(host: Host) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"10000\r\n" + bytes(65_536) + b"\r\n")

    host.answers["/a"] = endless
    with pytest.raises(SourceError, match="more than 2 MB"):
        fetcher(host).get(host.base + "/a", 2_000_000)


def drip(handler: BaseHTTPRequestHandler, start: bytes) -> None:
    handler.wfile.write(start)
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_an_answer_that_drips_ends_in_time(host: Host, start: bytes) -> None:
    """Each byte comes soon enough; all of them never do."""
    host.answers["/a"] = lambda handler: drip(handler, start)
    with pytest.raises(SourceError, match=r"took too long|broke off"):
        fetcher(host, seconds=1.0).get(host.base + "/a")


def test_an_announced_size_is_refused_before_it_comes(host: Host) -> None:
    address = host.put("/a", b"x", Content_Length="99999999999999999999")
    with pytest.raises(SourceError, match="more than 30 MB"):
        fetcher(host).get(address)


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_what_comes_packed(host: Host, packing: str) -> None:
    pack = gzip.compress if packing == "gzip" else zlib.compress
    assert fetcher(host).get(host.put("/a", pack(b"text"), Content_Encoding=packing)) == b"text"
    bomb = host.put("/bomb", pack(bytes(80_000_000)), Content_Encoding=packing)
    with pytest.raises(SourceError, match="more than 30 MB"):
        fetcher(host).get(bomb)
    with pytest.raises(SourceError, match="damaged data"):
        fetcher(host).get(host.put("/b", b"no such thing", Content_Encoding=packing))
    with pytest.raises(SourceError, match="a packing that is not read"):
        fetcher(host).get(host.put("/c", b"x", Content_Encoding="br"))


def busy(times: int, status: int = 503, **headers: str) -> Any:
    """Answer so many times that there is no time now, then well."""
    left = [times]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        left[0] -= 1
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if left[0] >= 0:
            send(handler, status, b"later", "text/plain", told)
        else:
            send(handler, 200, b"fine", "text/plain")

    return answer


def test_a_busy_host_is_asked_again_later_and_later(host: Host) -> None:
    slept: list[float] = []
    host.answers["/a"] = busy(3, 429)
    assert fetcher(host, sleep=slept.append).get(host.base + "/a") == b"fine"
    assert slept == [1.0, 2.0, 4.0]
    host.answers["/a"] = busy(4)
    with pytest.raises(SourceError, match="503, Service Unavailable; try again later"):
        fetcher(host, sleep=slept.append).get(host.base + "/a")
    assert len(host.asked) == 8


@pytest.mark.parametrize("asked", ["7", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-3"])
def test_the_wait_that_a_host_asks_for(host: Host, asked: str) -> None:
    slept: list[float] = []
    host.answers["/a"] = busy(1, Retry_After=asked)
    assert fetcher(host, sleep=slept.append).get(host.base + "/a") == b"fine"
    assert slept == [7.0 if asked == "7" else 1.0]


def test_a_long_wait_is_told(host: Host) -> None:
    host.answers["/a"] = busy(1, Retry_After="3600")
    with pytest.raises(SourceError, match="come back in 3,600 seconds"):
        fetcher(host, sleep=lambda _: None).get(host.base + "/a")


def test_a_broken_connection_is_tried_again(host: Host) -> None:
    left = [2]

    def broken(handler: BaseHTTPRequestHandler) -> None:
        left[0] -= 1
        if left[0] >= 0:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        else:
            send(handler, 200, b"fine", "text/plain")

    host.answers["/a"] = broken
    assert fetcher(host, sleep=lambda _: None).get(host.base + "/a") == b"fine"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(404, "404, Not Found; check the address"), (403, "403, Forbidden"), (500, "500.*try again"),
     (999, "answered 999"), (304, "304, Not Modified")],
)  # fmt: skip
def test_refusals_are_told(host: Host, status: int, sentence: str) -> None:
    host.answers["/a"] = lambda handler: send(handler, status, b"<html>", "text/html")
    with pytest.raises(SourceError, match=sentence):
        fetcher(host).get(host.base + "/a")
    assert len(host.asked) == 1


def test_what_is_no_http(host: Host) -> None:
    host.answers["/a"] = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n") and None
    with pytest.raises(SourceError, match=r"broke off|took too long"):
        fetcher(host, sleep=lambda _: None, seconds=2.0).get(host.base + "/a")


def test_nobody_there_and_no_such_name() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(SourceError, match="broke off"):
        Fetcher([name], private=True, sleep=lambda _: None).get(f"http://{name}/")
    with pytest.raises(SourceError, match=r"no host 'nowhere\.invalid'"):
        Fetcher(["nowhere.invalid"]).get("https://nowhere.invalid/")


def test_one_at_a_time_from_a_host_but_two_hosts_at_once(host: Host) -> None:
    meeting = threading.Barrier(2, timeout=20)

    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.02)
        send(handler, 200, b"fine", "text/plain")

    def meet(handler: BaseHTTPRequestHandler) -> None:
        meeting.wait()
        send(handler, 200, b"met", "text/plain")

    with serving() as other:
        host.answers["/a"] = slow
        host.answers["/meet"] = other.answers["/meet"] = meet
        askers = [fetcher(host), fetcher(host)]  # two imports share the politeness
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: askers[n % 2].get(host.base + "/a"), range(24)))
        assert host.most_at_once == 1
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(lambda one: fetcher(one).get(one.base + "/meet"), [host, other])
            assert list(both) == [b"met", b"met"]


def test_the_agent_names_the_project(host: Host) -> None:
    fetcher(host).get(host.put("/a", b"x"))
    assert host.headers[0]["User-Agent"] == AGENT and AGENT.startswith("Engrave/")
    assert "Cookie" not in host.headers[0] and "Referer" not in host.headers[0]


def test_no_proxy_of_the_environment_is_used(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert fetcher(host).get(host.put("/a", b"x")) == b"x"


@pytest.mark.parametrize("to", ["//[", "http://[", "http://[::1"])
def test_a_redirect_to_no_address_is_told(host: Host, to: str) -> None:
    with pytest.raises(SourceError, match="no address"):
        fetcher(host).get(host.redirect("/start", to))
