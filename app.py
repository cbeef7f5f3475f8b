"""Builds the engine and the page, and serves it."""

import os
import sys
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engrave.engine import Engine


def main() -> None:
    """Serve until Ctrl-C; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are honoured."""
    # else threads that wait spin, and whatever runs beside them is starved; read at torch's import
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from engrave.engine import Engine
    from engrave.ui.page import build_page, launch_settings

    engine = Engine.load()
    page = build_page(engine)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    print(f"Engrave is at {address} (Ctrl-C stops it)", flush=True)
    # only now: reading torch and the weights takes longer than showing the page
    Thread(target=wake, args=(engine,), daemon=True).start()
    page.block_thread()


def wake(engine: "Engine") -> None:
    """Read the weights while the first visitor looks round; the page tells a fault too."""
    from engrave.errors import EngraveError

    try:
        engine.wake()
    except EngraveError as error:
        print(f"engrave: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
