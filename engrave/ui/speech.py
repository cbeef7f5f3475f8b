"""Binds handlers to the engine, and turns what goes wrong into one sentence on the page."""

import inspect
import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

from engrave.errors import EngraveError
from engrave.ui.stops import Stopped

LOG = logging.getLogger(__name__)
SORRY = "Something went wrong on this side; try again, or with another picture or text."


def bind(handler: Callable[..., Any], *given: object) -> Callable[..., Any]:
    """Return the handler with its first arguments filled in and its errors spoken.

    Not functools.partial: Gradio reads the annotations of what it is handed to find
    the places for events, requests and progress, and finds none in a partial.
    """
    run = _spoken_steps(handler, given) if inspect.isgeneratorfunction(handler) else None
    run = run or _spoken_answer(handler, given)
    signature = inspect.signature(handler)
    left = list(signature.parameters.values())[len(given) :]
    run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in left}
    del run.__wrapped__  # type: ignore[attr-defined]
    return run


def _spoken_answer(handler: Callable[..., Any], given: tuple[object, ...]) -> Callable[..., Any]:
    @wraps(handler)
    def run(*arguments: object, **named: object) -> Any:
        try:
            return handler(*given, *arguments, **named)
        except Exception as error:
            raise spoken(error) from error

    return run


def _spoken_steps(handler: Callable[..., Any], given: tuple[object, ...]) -> Callable[..., Any]:
    @wraps(handler)
    def run(*arguments: object, **named: object) -> Iterator[Any]:
        try:
            yield from handler(*given, *arguments, **named)
        except Exception as error:
            raise spoken(error) from error

    return run


def spoken(error: Exception) -> gr.Error:
    """Return the sentence for an error; what nobody foresaw goes to the log with its traceback."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, Stopped):  # it was asked for: no alarm
        return gr.Error(str(error), visible=False, print_exception=False)
    if isinstance(error, EngraveError):
        return gr.Error(str(error), print_exception=False)
    LOG.error("A request failed", exc_info=error)
    return gr.Error(SORRY, print_exception=False)
