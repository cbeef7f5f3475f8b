"""A real HTTP server on this machine whose answers a test writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


class Host:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # a client that hangs up is what some tests are about
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.base = f"http://{self.name}"

    def put(self, path: str, data: bytes, kind: str = "application/json", **more: str) -> str:
        """Answer a path with these bytes; returns the address."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        self.answers[path] = lambda handler: send(handler, 200, data, kind, headers)
        return self.base + path

    def put_json(self, path: str, page: Any) -> str:
        """Answer a path with JSON; returns the address."""
        return self.put(path, json.dumps(page).encode())

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """Lead on from a path; returns the address."""
        self.answers[path] = lambda handler: send(handler, status, b"", "", {"Location": to})
        return self.base + path

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with host.lock:
                    host.asked.append(self.path)
                    host.headers.append(dict(self.headers))
                    host.at_once += 1
                    host.most_at_once = max(host.most_at_once, host.at_once)
                try:
                    answer = host.answers.get(self.path)
                    send(self, 404, b"", "") if answer is None else answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with host.lock:
                        host.at_once -= 1

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        return Handler


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    data: bytes,
    kind: str,
    headers: dict[str, str] | None = None,
) -> None:
    """Send one whole answer."""
    handler.send_response(status)
    told = {"Content-Type": kind, "Content-Length": str(len(data))} | (headers or {})
    for name, value in told.items():
        if value:
            handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def serving() -> Iterator[Host]:
    """Run a host for as long as a test needs it."""
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.server.shutdown()
        host.server.server_close()
        thread.join(5)
