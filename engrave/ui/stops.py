"""Lets a session stop its long work: the next word of progress finds the wish and ends it."""

from threading import Event
from weakref import WeakValueDictionary

import gradio as gr
from gradio.context import LocalContext

from engrave.errors import EngraveError
from engrave.progress import Progress

PROGRESS = gr.Progress()

_wishes: set[tuple[str, str]] = set()  # those that no page has been told of yet
_runs: WeakValueDictionary[tuple[str, str], Event] = WeakValueDictionary()  # session and task


class Stopped(EngraveError):
    """The work was stopped by the one who asked for it."""


def wish(task: str, request: gr.Request) -> None:
    """Ask the task that this session runs to end; a later run is not meant."""
    key = str(request.session_hash), task
    _wishes.add(key)
    run = _runs.get(key)
    if run is not None:
        run.set()


def wished(task: str, request: gr.Request) -> bool:
    """Tell, once, whether this session stopped its task."""
    key = str(request.session_hash), task
    found = key in _wishes
    _wishes.discard(key)
    return found


def reporter(
    task: str, progress: gr.Progress, request: gr.Request, *, outlives: bool = False
) -> Progress:
    """Return a teller that also raises Stopped once that is wished."""
    key = str(request.session_hash), task
    _wishes.discard(key)
    run = _runs[key] = Event()

    def report(share: float, words: str) -> None:
        if run.is_set():
            raise Stopped("Stopped.")
        told(share, words)

    told = teller(progress, outlives=outlives)
    return report


def teller(progress: gr.Progress, *, outlives: bool = False) -> Progress:
    """Return what the engine tells its progress to; it raises Stopped, unless the work outlives
    whoever asked, once nobody waits for the answer any more."""

    def tell(share: float, words: str) -> None:
        if not (outlives or awaited()):
            raise Stopped("Stopped.")
        progress(min(max(share, 0.0), 1.0), desc=words)

    return tell


def others_wait() -> bool:
    """Tell whether others stand in the line in which what this thread does has its turn."""
    page, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if page is None or event_id is None:
        return False
    event = page._queue.event_ids_to_events.get(event_id)
    if event is None:
        return False
    return bool(page._queue.event_queue_per_concurrency_id[event.concurrency_id].queue)


def awaited() -> bool:
    """Tell whether the one who asked for what this thread does has neither cancelled nor left.

    Gradio gives the place in the line to the next and lets the function run on beside it, so its
    queue is asked: it forgets who cancelled and marks who left. Outside of it somebody waits.
    """
    page, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if page is None or event_id is None:
        return True
    event = page._queue.event_ids_to_events.get(event_id)
    return event is not None and event.alive
