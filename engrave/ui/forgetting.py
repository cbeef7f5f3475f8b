"""Lets Gradio keep less of each session.

It holds the settings and last values of all components for every session, half a megabyte and
whatever was sent besides, for links to a state of the page, which this page has none of; a
session for each call of a program that names none, for which it forgets the page of a person; and
after each event it sums up all events, for a report that this server does not show. Of sessions,
those that hold something stay longest.
"""

from functools import wraps
from typing import Any

import gradio as gr

STRANGERS = 100  # sessions that hold nothing, at most


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
        _drop_strangers_first(page.state_holder)
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


def _drop_strangers_first(holder: Any) -> None:
    """Have sessions that hold nothing dropped before those of visitors.

    Any request with a new name begins one, and Gradio drops the oldest, whoever's it is.
    """
    if "update" in vars(holder):
        return

    def update(session: str) -> None:
        with holder.lock:
            known = holder.session_data
            if session not in known:
                return
            known[session].config_values = Nothing()
            known.move_to_end(session)
            for holds, most in ((False, STRANGERS), (True, holder.capacity)):
                found = [name for name, one in known.items() if bool(one.state_data) is holds]
                for name in found[: max(0, len(found) - most)]:
                    _drop(holder, name)

    holder.update = update


def _forget(page: gr.Blocks, session: str) -> None:
    """Drop the session of one call, which nobody can name again."""
    holder: Any = page.state_holder
    with holder.lock:
        _drop(holder, session)


def _drop(holder: Any, session: str) -> None:
    holder.session_data.pop(session, None)
    holder.time_last_used.pop(session, None)
