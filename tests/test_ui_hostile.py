"""Whatever a stranger sends to any event of the page, the answer is a sentence."""

import copy
import inspect
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from engrave.ui.page import build_page
from tests.fakes import fake_engine

HOSTILE: list[Any] = [
    None, True, -1, 10**400, 1e308, float("nan"), "", "x" * 5000, "\x00", "../../etc/passwd", [],
    {}, [[[]]], {"path": "/etc/passwd"}, [None] * 300, {"index": -1}, 
    {"index": 10**9, "bits": "AAAA"},
    {"index": 0, "letter": "z", "position": "1"}, {"text": ["a"], "less": {}, "index": 1.5},
    {"x": "1", "y": None, "xs": [1], "ys": [], "rows": [10**9], "kind": "exe", "page": -5},
]  # fmt: skip
LONG = {"shipped_report"}  # takes nothing from outside, and a minute


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    """The page over the drawing engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setenv("ENGRAVE_HOME", str(tmp_path_factory.mktemp("home")))
        yield build_page(fake_engine(), Path("no-examples"))


def arguments(event: Any, value: Any) -> list[Any]:
    """Return what an event hands to its function where everything from outside is that value."""
    parts = iter(event.inputs)
    given: list[Any] = []
    for parameter in inspect.signature(event.fn).parameters.values():
        if parameter.annotation is gr.EventData:
            given.append(gr.EventData(None, value))
        elif parameter.annotation is gr.Request:
            given.append(gr.Request(username=None, session_hash="stranger", cookies={}))
        elif isinstance(parameter.default, gr.Progress):
            given.append(lambda *_, **__: None)
        else:
            part = next(parts, None)
            # what a session holds never comes from outside
            own = part is None or isinstance(part, gr.State)
            given.append(copy.deepcopy(getattr(part, "value", None)) if own else value)
    return given


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:24])
@pytest.mark.filterwarnings("ignore:The collection was changed since:UserWarning")
def test_every_event_answers_with_words(
    page: gr.Blocks, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tried = 0
    for event in page.fns.values():
        if event.fn is None or event.name in LONG:
            continue
        tried += 1
        try:
            answer = event.fn(*arguments(event, value))
            if inspect.isgenerator(answer):
                list(islice(answer, 3))
                answer.close()
        except gr.Error as error:
            assert len(str(error.message)) < 400
    assert tried > 40
    traces = [
        logging.Formatter().formatException(one.exc_info)[-900:]
        for one in caplog.records
        if one.name == "engrave.ui.speech" and one.exc_info
    ]
    assert not traces, "\n\n".join(traces[:3])
