"""A replay: the tape of a step, ready to be run again."""

from collections.abc import Callable
from typing import Any

from numpy import ndarray

from mt_autodiff import next_id
from mt_tensor.capture.condition import condition
from mt_tensor.capture.inputs import Inputs, Places
from mt_tensor.capture.lifetimes import shared
from mt_tensor.capture.recording import Clone, Recording, tensors_of
from mt_tensor.capture.running import Runner, runner
from mt_tensor.capture.tape import Tape
from mt_tensor.defaults.elementwise import copied
from mt_tensor.errors import CaptureError
from mt_tensor.tensor import Tensor
from mt_tensor.tensor_data import UNWRITTEN, TensorData


class Replay:
    """Runs a recorded step on other arguments.

    Args:
        recording: of the step; its tensors are the memory of the replay.
        places: where its arguments are read.
        inputs: which arguments it is for.

    Attributes:
        ready: whether it is for some arguments, and may run; quickly, and no in case of doubt. It
            raises a LookupError, AttributeError or ValueError if something is not there any more.
            Where it says yes, the gradients are attached.
        run: takes the step with some arguments, and returns copies of what the step returned.
        result: returns copies of what the step returned last.
    """

    def __init__(self, recording: Recording, places: Places, inputs: Inputs) -> None:
        """Prepare the tape; nothing runs yet."""
        self.watch = recording.watch
        self.inputs = inputs
        self._recording: Recording | None = recording
        entries, self._lost = shared(recording.recorder.entries, _unseen(recording))
        made = recording.recorder.storages
        self._tape = Tape(recording.backend, entries, made, self._lost)
        self._places = places
        self._stamps = [data.mark for data in recording.written]
        grads = recording.grads
        self._grads = [(t, after) for t, before, after in grads if after is not before]
        self._needed = [
            (t, before)
            for t, before, _ in grads
            if before is None or recording.touches(before.data)
        ]
        self.ready = condition(recording.backend, inputs, self.watch, self._needed, self.attach)
        self.result = _giver(recording.result)
        self.run = self._runner()

    def fits(self, inputs: Inputs) -> bool:
        """Whether it is for arguments of this kind, and all that it relies on is as it was."""
        same = self.inputs == inputs and next(self.watch.changes(), None) is None
        return same and all(t.grad is grad for t, grad in self._needed)

    def attach(self) -> None:
        """Give tensors the gradients that the step leaves them with."""
        for tensor, grad in self._grads:
            tensor.grad = grad

    def verify(self, before: list[Clone]) -> None:
        """Run the tape from where the recorded step began, and compare every bit with it.

        First as it was recorded, then on the memory that results share. That of the recording is
        let go of.

        Args:
            before: copies of all storages that the step has not made, as it found them.

        Raises:
            CaptureError: something differs: the step has done what no backend knows of.
        """
        recording, self._recording = self._recording, None
        assert recording is not None, "a replay is verified once"  # noqa: S101
        after = recording.clones(outer=False)
        kept = [pair for pair in after if id(pair[0].storage) not in self._lost]
        again = self._tape.repeat
        # A backend may note the first run and measure the second; the third is as all others are.
        for run, told in ((recording.repeat, after), *[(again, kept)] * 3):
            recording.put_back(before)
            run()
            if not recording.equal(told):
                recording.put_back(after)
                message = (
                    "capture: the step gives other bits when its calls are repeated: it changes "
                    "elements behind the back of the backend"
                )
                raise CaptureError(message)
        self.run = self._runner()

    def _runner(self) -> Runner:
        return runner(self._places, self._tape.parts, self._stamps, self._detach, self.result)

    def _detach(self) -> None:
        for tensor, _ in self._grads:
            tensor.grad = None


def _unseen(recording: Recording) -> set[int]:
    """Return the storages that a step made, and that nobody looks at after it."""
    seen = [grad.data for _, _, grad in recording.grads if grad is not None]
    seen += [t.data for t in tensors_of(recording.result)]
    return recording.recorder.storages - {id(data.storage) for data in seen}


def _giver(result: Any) -> Callable[[], Any]:
    """Return a function that makes copies of what a step returned."""
    if isinstance(result, Tensor):
        return _copier(result)
    if isinstance(result, dict):
        named = {name: _giver(part) for name, part in result.items()}
        return lambda: {name: give() for name, give in named.items()}
    if isinstance(result, (tuple, list)):
        kind, givers = type(result), [_giver(part) for part in result]
        return lambda: kind([give() for give in givers])
    return lambda: result


def _copier(t: Tensor) -> Callable[[], Tensor]:
    """Return a function that makes a copy of a tensor."""
    backend, data, history = t.backend, t.data, t.history
    shape, strides, storage = data.shape, data.strides, data.storage
    if not (data.whole and type(storage) is ndarray):
        return lambda: _copied(t)
    new, elements = object.__new__, storage.copy

    def copy() -> Tensor:  # what the classes do when they are called, in a third less time
        out = new(TensorData)
        out.storage = elements()
        out.shape = shape
        out.strides = strides
        out.offset = 0
        out.last_write = UNWRITTEN
        result = new(Tensor)
        result.data = out
        result.backend = backend
        result.history = history
        result.grad = result.hooks = None
        result.unique_id = next_id()
        return result

    return copy


def _copied(t: Tensor) -> Tensor:
    return Tensor(copied(t.backend, t.data, t.dtype), t.backend, t.history)
