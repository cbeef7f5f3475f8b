"""Starts servers as processes of their own and waits until they answer."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

START_S = 300  # on a machine that does other things too


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def shown(page: Any) -> Iterator[str]:
    """Serve a page from this process; yield its address."""
    from engrave.ui.page import launch_settings  # heavy, and servers of their own need none

    _, address, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_settings()
    )
    yield address.rstrip("/")
    page.close()


@contextmanager
def serving(
    command: Sequence[str], folder: Path, environment: dict[str, str], log: Path
) -> Iterator[str]:
    """Run a server that prints its address; what it complains of goes to the log."""
    with served(command, folder, environment, log) as (address, _):
        yield address


@contextmanager
def served(
    command: Sequence[str], folder: Path, environment: dict[str, str], log: Path
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a server likewise; yield its process too."""
    with log.open("w") as stderr:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=stderr,
        )  # fmt: skip
        try:
            yield wait_for_address(server, log), server
        finally:
            server.terminate()
            server.wait(30)


def wait_for_address(server: subprocess.Popen[str], log: Path) -> str:
    """Return the address that the server prints, without a slash at its end."""
    assert server.stdout is not None
    lines: Queue[str] = Queue()
    threading.Thread(target=read_lines, args=(server.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            found = re.search(r"http://[\w.:]+", lines.get(timeout=1))
        except Empty:
            continue
        if found:
            return found.group()
    raise AssertionError(f"The app did not start: {log.read_text()[-3000:]}")


def read_lines(stream: IO[str], lines: Queue[str]) -> None:
    """Hand on what a server prints."""
    for line in stream:
        lines.put(line)
