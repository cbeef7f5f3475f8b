"""Lets go of answers that nobody fetches: Gradio keeps those of 2,000 pages, however long ago they
were given and however large they are."""

import asyncio
import time
from functools import wraps
from typing import Any

import gradio as gr

KEPT_S = 300.0  # for a program that asks again after a break of its line


def drop_unread(page: gr.Blocks) -> None:
    """Forget what waits for a page or a program some minutes after the last of its work was done,
    from now on."""
    queue: Any = page._queue
    work = queue.process_events
    done: dict[str, float] = {}  # a page, and when its last work ended

    def drop(session: str) -> None:
        asked = any(one.session_hash == session for one in queue.event_ids_to_events.values())
        if asked:
            return later(session)
        if time.monotonic() - done.get(session, 0.0) >= KEPT_S * 0.9:  # else it is looked for again
            done.pop(session, None)
            queue.pending_messages_per_session.pop(session, None)
            queue.pending_event_ids_session.pop(session, None)

    def later(session: str) -> None:
        asyncio.get_running_loop().call_later(KEPT_S, drop, session)

    @wraps(work)
    async def run(events: list[Any], *arguments: Any, **named: Any) -> Any:
        try:
            return await work(events, *arguments, **named)
        finally:
            for session in {event.session_hash for event in events}:
                done[session] = time.monotonic()
                later(session)

    queue.process_events = run
