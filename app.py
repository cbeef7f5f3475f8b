"""Builds the engine and the page, and serves it."""

import os


def main() -> None:
    """Serve until Ctrl-C; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are honoured."""
    # else threads that wait spin, and whatever runs beside them is starved; read at torch's import
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from engrave.engine import Engine
    from engrave.ui.page import build_page, launch_settings

    page = build_page(Engine.load())
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_settings())
    print(f"Engrave is at {address} (Ctrl-C stops it)", flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()
