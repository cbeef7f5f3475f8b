"""The decorator by which ZeroGPU Spaces lend a GPU, and a plain one where no such Space is."""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    from spaces import GPU
except ImportError:
    GPU = None


def gpu(*, duration: int) -> Callable[[Function], Function]:
    """Let a function ask a ZeroGPU Space for a GPU for seconds; elsewhere leave it as it is."""
    if GPU is None:
        return lambda function: function
    lend: Callable[[Function], Function] = GPU(duration=duration)
    return lend


@gpu(duration=1)
def lent() -> bool:
    """Tell that a GPU was lent. Never called: ZeroGPU refuses to start an app in which nothing asks
    for one, and a model of this size answers from the CPU in seconds, without a visitor's quota."""
    return GPU is not None
