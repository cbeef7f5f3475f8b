"""What a handler is given that differs from visitor to visitor. Knows no visitor."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Visiting(Generic[T]):
    """Stands for what `of` finds for the one who sends a request."""

    def __init__(self, of: Callable[[Any], T]) -> None:
        self.of = of

    def then(self, part: Callable[[T], U]) -> "Visiting[U]":
        """Stand for a part of it."""
        return Visiting(lambda request: part(self.of(request)))
