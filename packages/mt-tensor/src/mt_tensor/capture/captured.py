"""`capture`: a training step that is run as ever at first, and replayed from then on."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, NamedTuple

from mt_tensor.capture.agreement import disagreement
from mt_tensor.capture.inputs import Inputs, Places
from mt_tensor.capture.live import active, recorders
from mt_tensor.capture.recording import Recording
from mt_tensor.capture.replay import Replay
from mt_tensor.errors import CaptureError
from mt_tensor.registry import default_backend

KEPT = 16
"""Replays that one function keeps: for other shapes, and for training and evaluation mode."""

WAITING = 4
"""Recordings that wait for a second one."""


class Candidate(NamedTuple):
    """A first recording, to be compared with a second one.

    Attributes:
        inputs: the arguments that it is for.
        recording: what was written down.
        places: where it reads its arguments, and where the replay will.
    """

    inputs: Inputs
    recording: Recording
    places: Places

    def fits(self, inputs: Inputs) -> bool:
        """Whether a step with these arguments, now, should do the same."""
        return self.inputs == inputs and next(self.recording.watch.changes(), None) is None


class Captured:
    """A step and its replays; called as the step is.

    Attributes:
        eager: how many steps have run as they are written.
        replayed: how many have been replayed.
        reason: why the last step that was not replayed was not.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        """Run nothing yet."""
        update_wrapper(self, step, updated=())
        self.eager = self.replayed = 0
        self.reason: str | None = None
        self._step = step
        self._turns = [None]  # one, for who takes it; quicker than a lock
        self._replays: list[Replay] = []
        self._last: Replay | None = None
        self._met: set[Inputs] = set()
        self._candidates: list[Candidate] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a step.

        Raises:
            CaptureError: the step cannot be replayed, or it is running already: it calls itself,
                or another thread is in it.
        """
        if recorders and active.recorder is not None:
            active.recorder.refuse("starts a captured step inside another")
        try:
            self._turns.pop()
        except IndexError:
            message = "capture: the step is running already; it calls itself, or on another thread"
            raise CaptureError(message) from None
        replay = self._last
        try:
            try:
                ready = not kwargs and replay is not None and replay.ready(args)
            except (LookupError, AttributeError, ValueError):  # it names what is not there any more
                ready = False
            if replay is None or not ready:
                return self._take(args, kwargs)
            self.replayed += 1
            return replay.run(args)
        finally:
            self._turns.append(None)

    def _take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = Inputs.of(args, kwargs)
        if isinstance(inputs, str):
            return self._run_eagerly(inputs, args, kwargs)
        values = (*args, *kwargs.values())
        for replay in self._replays:
            if replay.fits(inputs):
                self._last = replay
                self.replayed += 1
                replay.attach()
                return replay.run(values)
        first = next((c for c in self._candidates if c.fits(inputs)), None)
        if first is None and inputs not in self._met:
            self._met.add(inputs)
            return self._run_eagerly("the first step of its kind", args, kwargs)
        self._met.discard(inputs)
        return self._record(first, inputs, values)

    def _run_eagerly(self, reason: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.eager += 1
        self.reason = reason
        return self._step(*args, **kwargs)

    def _record(self, first: Candidate | None, inputs: Inputs, values: tuple[Any, ...]) -> Any:
        """Run the step, and write it down; the second time, make a replay of it."""
        self.eager += 1
        self.reason = "recorded"
        places = Places(values) if first is None else first.places
        places.copy_all(values)
        before = [] if first is None else first.recording.clones(outer=True)
        backend = inputs.backend or default_backend()
        recording = Recording(self._step, backend, places, inputs.names)
        replay = Replay(recording, places, inputs)
        if first is None:
            candidate = Candidate(inputs, recording, places)
            self._candidates = [candidate, *self._candidates][:WAITING]
            return replay.result()
        self._candidates.remove(first)
        _check_agreement(first.recording, recording)
        replay.verify(before)
        self._replays = [replay, *self._replays][:KEPT]
        return replay.result()


def capture(step: Callable[..., Any]) -> Captured:
    """Return a function that does what a training step does, without Python in between.

    The first call of its kind runs the step, the next two also write down every call of the
    backend; from then on the calls are replayed, on the new arguments.

    Args:
        step: takes tensors and plain values, computes on one backend, and returns a tensor, a
            tuple, list or dictionary of tensors, or None. Typically it forgets the gradients,
            computes a loss, goes back through it, and lets an optimiser take its step.

    Returns:
        The step; the tensors that it returns are copies, but the gradients of the parameters are
        overwritten by its next call. It raises `CaptureError` where it cannot replay the step.

    >>> from mt_tensor import capture, tensor
    >>> double = capture(lambda x: x + x)
    >>> [double(tensor([float(i)])).item() for i in range(5)]
    [0.0, 2.0, 4.0, 6.0, 8.0]
    >>> double.eager, double.replayed
    (3, 2)
    """
    return Captured(step)


def _check_agreement(first: Recording, second: Recording) -> None:
    problem = disagreement(first.recorder, second.recorder)
    if problem is not None:
        message = f"capture: two steps are not the same: {problem}"
        raise CaptureError(message)
