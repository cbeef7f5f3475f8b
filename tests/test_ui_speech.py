"""What goes wrong becomes one sentence, and Gradio still finds its special arguments."""

import inspect
from collections.abc import Iterator

import gradio as gr
import pytest

from engrave.errors import PromptError
from engrave.ui.speech import SORRY, bind, spoken
from engrave.ui.visiting import Visiting


def shout(engine: str, text: str, request: gr.Request) -> str:
    """Shout a text."""
    if not text:
        raise PromptError("The text is empty; write a few words.")
    return f"{engine} {text.upper()}"


def count(engine: str, to: int) -> Iterator[int]:
    """Count, and break at 2."""
    for number in range(to):
        if number == 2:
            raise ValueError("internal detail")
        yield number


def test_bound_handlers_keep_name_words_and_annotations() -> None:
    run = bind(shout, "engine")
    assert list(inspect.signature(run).parameters) == ["text", "request"]
    assert run.__annotations__["request"] is gr.Request
    assert run.__doc__ == "Shout a text."
    assert run("a", None) == "engine A"


def test_our_errors_are_spoken_without_a_traceback() -> None:
    with pytest.raises(gr.Error, match="write a few words") as found:
        bind(shout, "engine")("", None)
    assert found.value.print_exception is False


def test_steps_stay_steps_and_hide_what_nobody_foresaw() -> None:
    run = bind(count, "engine")
    assert inspect.isgeneratorfunction(run)
    steps = run(5)
    assert [next(steps), next(steps)] == [0, 1]
    with pytest.raises(gr.Error, match=SORRY[:20]):
        next(steps)


def test_errors_of_gradio_pass() -> None:
    error = gr.Error("said already")
    assert spoken(error) is error and error.print_exception is False


def test_what_differs_by_visitor_is_looked_up_for_the_one_who_asks() -> None:
    engines = {"a": "first", "b": "second"}
    engine = Visiting(lambda request: engines[request.session_hash])
    run, steps = bind(shout, engine), bind(count, engine)
    for session, name in engines.items():
        request = gr.Request(session_hash=session, cookies={})
        assert run("x", request) == f"{name} X"
        assert list(steps(2, request)) == [0, 1]
