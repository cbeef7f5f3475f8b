"""Tells whoever waits how far a piece of work is. Knows no widgets and no terminals."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]  # share done, from 0 to 1, and what is being done


def tell(progress: Progress | None, share: float, what: str) -> None:
    """Report where somebody listens; what the listener raises stops the work."""
    if progress is not None:
        progress(share, what)


def part(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Return a listener for a piece of the work that reaches from start to end of the whole."""
    if progress is None:
        return None
    return lambda share, what: progress(start + (end - start) * share, what)


def renamed(progress: Progress | None, what: str) -> Progress | None:
    """Return a listener that hears the same words whatever the piece of work calls itself."""
    if progress is None:
        return None
    return lambda share, _: progress(share, what)


def suffixed(progress: Progress | None, words: str) -> Progress | None:
    """Return a listener that hears what is being done with more words behind it."""
    if progress is None:
        return None
    return lambda share, what: progress(share, what + words)
