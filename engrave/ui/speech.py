"""Binds handlers to what they need, and turns what goes wrong into one sentence on the page."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

from engrave.errors import FULL, EngraveError, is_full
from engrave.ui.stops import Stopped
from engrave.ui.visiting import Visiting
from engrave.ui.visitors import acting

LOG = logging.getLogger(__name__)
REQUEST = inspect.Parameter(
    "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=gr.Request
)
_END = object()
SORRY = "Something went wrong on this side; try again, or with another picture or text."
UNFIT = "This request holds something else than is asked for here; "
TOO_FEW = "This request brings {} values and {} are needed; "
WHERE = "“Use via API” at the foot of the page says what each endpoint takes."


def bind(handler: Callable[..., Any], *given: object) -> Callable[..., Any]:
    """Return the handler with its first arguments filled in and its errors spoken.

    An argument that is `Visiting` is looked up anew at each call, for the visitor who calls.

    Not functools.partial: Gradio reads the annotations of what it is handed to find
    the places for events, requests and progress, and finds none in a partial.
    """
    signature = inspect.signature(handler)
    left = list(signature.parameters.values())[len(given) :]
    hears = any(parameter.annotation is gr.Request for parameter in left)
    make = _spoken_steps if inspect.isgeneratorfunction(handler) else _spoken_answer
    run = make(handler, given, hears)
    left += [] if hears else [REQUEST]
    run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in left}
    del run.__wrapped__  # type: ignore[attr-defined]
    return run


def _filled(given: tuple[object, ...], request: gr.Request | None) -> list[object]:
    """Return what a handler is given, as it is for the visitor who asks."""
    return [one.of(request) if isinstance(one, Visiting) else one for one in given]


def _spoken_answer(
    handler: Callable[..., Any], given: tuple[object, ...], hears: bool
) -> Callable[..., Any]:
    @wraps(handler)
    def run(*arguments: object, **named: object) -> Any:
        request, arguments = _parted(arguments, hears)
        try:
            with acting(request):
                return handler(*_filled(given, request), *arguments, **named)
        except Exception as error:
            raise spoken(error) from error

    return run


def _spoken_steps(
    handler: Callable[..., Any], given: tuple[object, ...], hears: bool
) -> Callable[..., Any]:
    @wraps(handler)
    def run(*arguments: object, **named: object) -> Iterator[Any]:
        request, arguments = _parted(arguments, hears)
        steps = handler(*_filled(given, request), *arguments, **named)
        try:
            while True:
                # anew at each step, as Gradio may take each in another thread
                with acting(request):
                    step = next(steps, _END)
                if step is _END:
                    return
                yield step
        except Exception as error:
            raise spoken(error) from error
        finally:
            steps.close()

    return run


def _parted(
    arguments: tuple[object, ...], hears: bool
) -> tuple[gr.Request | None, tuple[object, ...]]:
    """Return who asks, and the arguments without that where the handler does not care."""
    asks = next((one for one in arguments if isinstance(one, gr.Request)), None)
    if hears or asks is None:
        return asks, arguments
    return asks, tuple(one for one in arguments if one is not asks)


def spoken(error: Exception) -> gr.Error:
    """Return the sentence for an error; what nobody foresaw goes to the log with its traceback."""
    if isinstance(error, gr.Error):
        error.print_exception = False  # Gradio's own, where a component cannot hold a value
        return error
    if is_full(error):
        return gr.Error(FULL, print_exception=False)
    if isinstance(error, Stopped):  # it was asked for: no alarm
        return gr.Error(str(error), visible=False, print_exception=False)
    if isinstance(error, EngraveError):
        return gr.Error(str(error), print_exception=False)
    LOG.error("A request failed", exc_info=error)
    return gr.Error(SORRY, print_exception=False)


def speak_throughout(page: gr.Blocks) -> None:
    """Have also told in a sentence what goes wrong before and after handlers.

    Of that, Gradio tells nothing at all, or with show_error whatever an exception holds.
    """
    steps: Any = page
    steps.preprocess_data = _worded(page.preprocess_data, unfit)
    steps.process_api = _worded(page.process_api, spoken)


def unfit(error: Exception) -> gr.Error:
    """Return the sentence for what a request sent that no component can hold."""
    if isinstance(error, gr.Error) or is_full(error):
        return spoken(error)
    counts = re.search(r"needed: (\d+), got: (\d+)", str(error))
    why = TOO_FEW.format(counts.group(2), counts.group(1)) if counts else UNFIT
    return gr.Error(why + WHERE, print_exception=False)


def _worded(
    step: Callable[..., Awaitable[Any]], say: Callable[[Exception], gr.Error]
) -> Callable[..., Awaitable[Any]]:
    @wraps(step)
    async def run(*arguments: Any, **named: Any) -> Any:
        try:
            return await step(*arguments, **named)
        except Exception as error:
            raise say(error) from error

    return run
