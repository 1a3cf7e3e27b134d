"""Standing beside every part of a network while it runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from mt_operators import Module

Around = Callable[[str, Module, Callable[[], Any]], Any]
"""Is called in place of a part, with its dotted name, itself, and the call to be made."""


@contextmanager
def watching(model: Module, around: Around) -> Iterator[None]:
    """Let `around` make every call of every part of a network.

    Args:
        model: the network.
        around: makes the call it is given, and returns what the part is to return.
    """
    modules = model.named_modules()
    for name, module in modules:
        vars(module)["forward"] = _watched(name, module, around)
    try:
        yield
    finally:
        for _, module in modules:
            del vars(module)["forward"]


def _watched(name: str, module: Module, around: Around) -> Callable[..., Any]:
    forward = module.forward

    @wraps(forward)
    def watched(*args: Any, **kwargs: Any) -> Any:
        return around(name, module, lambda: forward(*args, **kwargs))

    return watched
