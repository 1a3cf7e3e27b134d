"""Ctrl-C as a wish, so that a run ends between two steps and not in the middle of one."""

import os
import signal
import threading
from types import FrameType
from typing import Any, Self

STANDARD_ERROR = 2
NOTICE = b"\nCtrl-C: the run ends after this step; press it again to end at once\n"


class Interrupt:
    """While it is entered, the first Ctrl-C only sets `requested`; the second one interrupts.

    The first says so at once on standard error: a step may last.

    Signals reach the main thread alone; on any other, nothing changes.

    Attributes:
        requested: whether Ctrl-C was pressed.
    """

    __slots__ = ("_before", "requested")

    def __init__(self) -> None:
        """Expect none yet."""
        self.requested = False
        self._before: Any = None

    def __enter__(self) -> Self:
        """Listen for Ctrl-C."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Let Ctrl-C do again what it did before."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True
        # Not by `print`: the signal may have come in the middle of one.
        os.write(STANDARD_ERROR, NOTICE)
