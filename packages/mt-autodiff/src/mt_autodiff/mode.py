"""Whether operations are recorded: on, unless inside `no_grad()`.

The switch belongs to a thread, so that an evaluation in one does not stop a training in another.
"""

import threading
from contextlib import ContextDecorator
from typing import Self


class _Mode(threading.local):
    recording = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether an operation on variables records how to go back through it."""
    return mode.recording


class no_grad(ContextDecorator):  # noqa: N801  a PyTorch name, used as a function
    """Compute without recording: results are constants and hold no graph. Also a decorator."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        """Prepare; nothing changes until it is entered."""
        self._before: list[bool] = []

    def __enter__(self) -> Self:
        """Stop recording on this thread."""
        self._before.append(mode.recording)
        mode.recording = False
        return self

    def __exit__(self, *_: object) -> None:
        """Go back to what was before."""
        mode.recording = self._before.pop()
