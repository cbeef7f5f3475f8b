"""Where a Space lends GPUs a function asks for one; elsewhere it is left alone."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace

import pytest

from engrave.ui import zero


@pytest.fixture
def reloaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], ModuleType]]:
    """Import the module anew beside a package `spaces` of that kind (None: not installed)."""

    def load(spaces: object) -> ModuleType:
        monkeypatch.setitem(sys.modules, "spaces", spaces)
        return importlib.reload(zero)

    yield load
    monkeypatch.undo()
    importlib.reload(zero)


def test_without_the_package_a_function_is_left_alone(
    reloaded: Callable[[object], ModuleType],
) -> None:
    module = reloaded(None)

    def double(x: int) -> int:
        return 2 * x

    assert module.gpu(duration=5)(double) is double
    assert module.lent() is False


def test_with_the_package_a_function_asks_for_a_gpu(
    reloaded: Callable[[object], ModuleType],
) -> None:
    asked: list[tuple[int, str]] = []

    def lend(duration: int) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
        def decorate(function: Callable[[], bool]) -> Callable[[], bool]:
            asked.append((duration, function.__name__))
            return function

        return decorate

    module = reloaded(SimpleNamespace(GPU=lend))
    assert asked == [(1, "lent")] and module.lent() is True


def test_the_page_brings_the_function_that_zerogpu_looks_for() -> None:
    source = "import sys, engrave.ui.page; sys.exit('engrave.ui.zero' not in sys.modules)"
    subprocess.run([sys.executable, "-c", source], check=True)
