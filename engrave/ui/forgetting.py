"""Lets Gradio keep less of each session.

It holds the settings and last values of all components for every session, half a megabyte and
whatever was sent besides, for links to a state of the page, which this page has none of; a
session for each call of a program that names none, for which it forgets the page of a person; and
after each event it sums up all events, for a report that this server does not show.
"""

from functools import wraps
from typing import Any

import gradio as gr


class Nothing(dict[int, Any]):
    """Takes settings of components and keeps none."""

    def __setitem__(self, key: int, value: Any) -> None:
        return

    def __missing__(self, key: int) -> dict[str, Any]:
        return {}


def keep_little(page: gr.Blocks) -> None:
    """Forget what nobody asks for again, from now on; the page has its queue already."""
    asked: Any = page
    # one event that cannot be summed up would keep every later one in memory
    asked._queue.compute_analytics_summary = lambda records: {"functions": {}}
    step = page.process_api

    @wraps(step)
    async def run(*arguments: Any, **named: Any) -> Any:
        state, session = named.get("state"), named.get("session_hash")
        if state is not None:
            state.config_values = Nothing()
        over = True
        try:
            answer = await step(*arguments, **named)
            over = not answer.get("is_generating")
            return answer
        finally:
            if over and session is not None and session == named.get("event_id"):
                _forget(page, session)

    asked.process_api = run


def _forget(page: gr.Blocks, session: str) -> None:
    """Drop the session of one call, which nobody can name again."""
    holder: Any = page.state_holder
    with holder.lock:
        holder.session_data.pop(session, None)
        holder.time_last_used.pop(session, None)
