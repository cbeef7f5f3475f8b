"""A mirror on this machine, which can be told to misbehave for single paths."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Local:
    """What is served, what misbehaves, and what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    odd: dict[str, list[Answer]] = field(default_factory=dict)  # a path's next answers
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at: list[float] = field(default_factory=list)
    together: int = 0  # most requests at one time
    address: str = ""

    @property
    def times(self) -> Counter[str]:
        return Counter(self.asked)


@contextmanager
def serving(local: Local) -> Iterator[Local]:
    """Serve on a free port of this machine until the end."""
    now = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now[0] += 1
            local.together = max(local.together, now[0])
            local.asked.append(self.path)
            local.agents.add(self.headers["User-Agent"])
            local.at.append(time.monotonic())
            try:
                queue = local.odd.get(self.path, [])
                if queue:
                    (queue.pop(0) if len(queue) > 1 else queue[0])(self)
                elif self.path in local.files:
                    whole(local.files[self.path])(self)
                else:
                    status(404)(self)
            finally:
                now[0] -= 1

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    local.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield local
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whole(data: bytes) -> Answer:
    """Answer with a file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def status(code: int, **headers: str) -> Answer:
    """Answer with a code and no file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def broken(data: bytes) -> Answer:
    """Promise a file, and hang up in its middle."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[: len(data) // 2])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def slow(data: bytes, silence_s: float) -> Answer:
    """Say nothing for a while, then answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(silence_s)
        try:
            whole(data)(handler)
        except OSError:
            return  # whoever asked has left

    return answer
