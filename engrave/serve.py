"""Builds the engine and the page, and serves it until Ctrl-C."""

from __future__ import annotations

import ctypes
import os
import sys
from argparse import Namespace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engrave.engine import Engine

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def serve(model: Path | None = None, collection: Path | None = None) -> None:
    """Serve the page; GRADIO_SERVER_NAME, GRADIO_SERVER_PORT and GRADIO_ROOT_PATH are honoured."""
    # else threads that wait spin, and whatever runs beside them is starved; read at torch's import
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    share_arenas()
    from engrave.engine import Engine
    from engrave.ui.page import build_page, launch_settings
    from engrave.ui.scratch import leave_nothing

    engine = Engine.load(model, collection)
    page = build_page(engine)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    leave_nothing()
    print(f"Engrave is at {address} (Ctrl-C stops it)", flush=True)
    # only now: reading torch and the weights takes longer than showing the page
    Thread(target=wake, args=(engine,), daemon=True).start()
    page.block_thread()


def share_arenas() -> bool:
    """Let threads share two heaps, where the C library can: each with its own would keep what its
    largest request once took. Whoever sets MALLOC_ARENA_MAX is heard instead."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None or "MALLOC_ARENA_MAX" in os.environ:
        return False
    return bool(mallopt(M_ARENA_MAX, ARENAS))


def wake(engine: Engine) -> None:
    """Read the weights while the first visitor looks round; the page tells a fault too."""
    from engrave.errors import EngraveError

    try:
        engine.wake()
    except EngraveError as error:
        print(f"engrave: {error}", file=sys.stderr, flush=True)


def command(arguments: Namespace) -> int:
    """Run `engrave serve`."""
    for name in ("server_name", "server_port", "root_path"):
        value = getattr(arguments, name)
        if value is not None:
            os.environ[f"GRADIO_{name.upper()}"] = str(value)
    serve(arguments.model, arguments.collection)
    return 0
