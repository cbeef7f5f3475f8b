"""Lets answers that are worked out at the same moment change what is marked on the map, each its
own part, so that none takes back what another did."""

import inspect
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

from engrave.ui.explore_map import FRESH, Chart, Marks

_turn = Lock()


def keeping(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that puts what it changed into the session's marks as they are by then; it
    begins again where another has changed the same part meanwhile.

    Its answer holds the map and behind it the marks, as those of all handlers here do.
    """
    place = list(inspect.signature(handler).parameters).index("marks")

    @wraps(handler)
    def run(chart: Chart, *given: Any) -> tuple[Any, ...]:
        marks: Marks = given[place - 1]
        while True:
            before = FRESH | marks
            answer = list(handler(chart, *given[: place - 1], before, *given[place:]))
            at = _place_of_marks(answer)
            changed = {name: one for name, one in answer[at].items() if one != before[name]}
            with _turn:
                now = FRESH | marks
                if any(now[name] != before[name] for name in changed):
                    continue
                marks.update(changed)
                shown = answer[at - 1] | chart.view(FRESH | marks)  # it may hold more
                answer[at - 1 : at + 1] = shown, marks
                return tuple(answer)

    return run


def _place_of_marks(answer: list[Any]) -> int:
    return next(
        at for at, one in enumerate(answer) if isinstance(one, dict) and one.keys() == FRESH.keys()
    )
