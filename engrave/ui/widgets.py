"""Widgets of our own inside of gr.HTML, drawn by the modules in static/.

Factories, not subclasses: Gradio writes a stub file beside the source of every subclass.
What is shown travels as data and goes into the page as text; nothing is put into a template.
"""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from engrave.errors import PromptError
from engrave.ui.files import file_url
from engrave.ui.theme import STATIC
from engrave.ui.views import View


def widget(
    module: str, part: str, value: View | None, *, events: Sequence[str] = (), **settings: Any
) -> gr.HTML:
    """Return a component drawn by one function of one module, which may trigger the events."""
    address = json.dumps(file_url(STATIC / f"{module}.js"))
    named = ", ".join(f"'{event}'" for event in events)  # Gradio looks for the quoted names
    script = (
        f"import(new URL({address}, document.baseURI).href)"
        f".then((module) => module.{part}({{ element, props, trigger, watch }}));\n"
        f"const events = [{named}];"
    )
    return gr.HTML(
        value,
        html_template='<div class="widget"></div>',
        js_on_load=script,
        apply_default_css=False,
        **settings,
    )


def position_of(event: gr.EventData, name: str, count: int) -> int:
    """Return a number that an event carries; raises PromptError where it is none of `count`."""
    value = _carried(event, name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
        raise PromptError("This picture is no longer here; make or open it again.")
    return value


def letter_of(event: gr.EventData) -> str:
    """Return which keyframe of a walk an event means: the first (A), the last (B), one more (+)."""
    letter = _carried(event, "letter")
    return letter if letter in ("B", "+") else "A"


def _carried(event: gr.EventData, name: str) -> object:
    """Return what the browser sent under a name; anybody can send anything."""
    return event._data.get(name) if isinstance(event._data, dict) else None
