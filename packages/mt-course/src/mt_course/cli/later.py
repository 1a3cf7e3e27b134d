"""The way from what a command offers to what it does.

Help and completion are asked for often and must be quick, so that the files of `cli` import nothing
heavy. What a command does is imported when it is run.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def later(module: str, name: str) -> Callable[..., Any]:
    """Return a function that imports a function of `mt_course.actions` when it is called.

    >>> later("doctor", "doctor").__name__
    'call'
    """

    def call(*args: Any, **options: Any) -> Any:
        function = getattr(import_module(f"mt_course.actions.{module}"), name)
        return function(*args, **options)

    return call
