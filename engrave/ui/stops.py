"""Lets a session stop its long work: the next word of progress finds the wish and ends it."""

import gradio as gr

from engrave.errors import EngraveError
from engrave.progress import Progress

PROGRESS = gr.Progress()

_wishes: set[tuple[str, str]] = set()  # session and task


class Stopped(EngraveError):
    """The work was stopped by the one who asked for it."""


def wish(task: str, request: gr.Request) -> None:
    """Remember that this session wants its task to end."""
    _wishes.add((str(request.session_hash), task))


def reporter(task: str, progress: gr.Progress, request: gr.Request | None) -> Progress:
    """Return what the engine tells its progress to; it raises Stopped once that is wished."""
    key = (str(request.session_hash) if request else "", task)
    _wishes.discard(key)

    def report(share: float, words: str) -> None:
        if key in _wishes:
            _wishes.discard(key)
            raise Stopped("Stopped.")
        progress(min(max(share, 0.0), 1.0), desc=words)

    return report
