"""What the tabs share: what a session looks at, what arrives at the walk, and other tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engrave.engine import Engine
from engrave.ui.examples import Examples
from engrave.ui.explore_map import Chart
from engrave.ui.views import Views
from engrave.ui.visiting import Visiting

PRIVATE: dict[str, Any] = {"api_name": False}  # no name, so that none can be called by it
LIGHT: dict[str, Any] = PRIVATE | {"queue": False, "show_progress": "hidden"}  # never the model
# lines that do not wait for each other: the model itself goes round between them
LONG_LINE: dict[str, Any] = {"concurrency_id": "long", "concurrency_limit": 1}
SHORT_LINE: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2}
LONG: dict[str, Any] = PRIVATE | LONG_LINE  # films, engravings, exports: many seconds
MODEL: dict[str, Any] = PRIVATE | SHORT_LINE  # a second or two
SHELF: dict[str, Any] = PRIVATE | {"concurrency_id": "shelf", "concurrency_limit": 1}
CAPTIONS_LINE: dict[str, Any] = {"concurrency_id": "captions", "concurrency_limit": 2}
CAPTIONS: dict[str, Any] = PRIVATE | CAPTIONS_LINE


@dataclass(frozen=True, slots=True)
class Desk:
    """What is handed to each tab when its events are wired."""

    chart: Visiting[Chart]
    engine: Visiting[Engine]
    views: Visiting[Views]
    shipped: Engine  # whose collection the examples are of
    home: Views  # of that collection, whatever is looked at
    shown: Examples
    tabs: gr.Tabs
    walk_ends: list[Any]  # what arrives at the walk, and the tabs
    opens: Callable[[gr.HTML], None]  # lets a widget open an engraving in Explore


def press(elem_id: str) -> str:
    """Return JavaScript that presses a button of the page."""
    return f"() => document.querySelector('#{elem_id}').click()"
