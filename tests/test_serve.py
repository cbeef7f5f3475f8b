"""What the page's process asks of the C library before it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# eight threads allocate at the same time, and glibc tells how many heaps it keeps
SCRIPT = """
import ctypes, sys, threading
from engrave.serve import share_arenas
print(share_arenas())
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
gate = threading.Barrier(8)
def take():
    gate.wait()
    libc.malloc(ctypes.c_size_t(1000))
    gate.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
page = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, page)
libc.fclose(page)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
@pytest.mark.parametrize(("asked", "said", "heaps"), [(None, "True", 2), ("5", "False", 5)])
def test_threads_share_two_heaps_unless_told_otherwise(
    tmp_path: Path, asked: str | None, said: str, heaps: int
) -> None:
    found = tmp_path / "heaps.xml"
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    environment |= {"MALLOC_ARENA_MAX": asked} if asked else {}
    command = [sys.executable, "-c", SCRIPT, str(found)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == said
    assert found.read_text().count("<heap nr=") == heaps
