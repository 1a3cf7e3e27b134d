"""A replay: the tape of a step, ready to be run again."""

from collections.abc import Callable
from typing import Any

from numpy import ndarray

from mt_autodiff import next_id
from mt_operators import identity
from mt_tensor.capture.condition import condition
from mt_tensor.capture.inputs import Inputs, Places
from mt_tensor.capture.recording import Recording
from mt_tensor.capture.tape import player
from mt_tensor.errors import CaptureError
from mt_tensor.tensor import Tensor
from mt_tensor.tensor_data import over_all_of


class Replay:
    """Runs a recorded step on other arguments.

    Args:
        recording: of the step; its tensors are the memory of the replay.
        places: where its arguments are read.
        inputs: which arguments it is for.
    """

    def __init__(self, recording: Recording, places: Places, inputs: Inputs) -> None:
        """Prepare the tape; nothing runs yet."""
        self.watch = recording.watch
        self.inputs = inputs
        self._places = places
        self._recording = recording
        self._steps, self._play = player(recording.backend, recording.recorder.entries)
        self._stamps = [data.last_write for data in recording.written]
        grads = recording.grads
        self._grads = [(t, after) for t, before, after in grads if after is not before]
        self._needed = [
            (t, before)
            for t, before, _ in grads
            if before is None or recording.touches(before.data)
        ]
        self._holds = condition(inputs, self.watch, self._needed)
        self._give = _giver(recording.result)

    def ready(self, args: tuple[Any, ...]) -> bool:
        """Whether it is for these arguments, and may run; quickly, and no in case of doubt."""
        try:
            return self._holds(args)
        except (LookupError, AttributeError, ValueError):  # something is not there any more
            return False

    def fits(self, inputs: Inputs) -> bool:
        """Whether it is for arguments of this kind, and all that it relies on is as it was."""
        same = self.inputs == inputs and next(self.watch.changes(), None) is None
        return same and all(t.grad is grad for t, grad in self._needed)

    def run(self, args: tuple[Any, ...]) -> Any:
        """Run the tape, and return copies of what the step returned."""
        self._places.fill(args)
        try:
            self._play()
        except BaseException:
            for tensor, _ in self._grads:
                tensor.grad = None
            raise
        stamp = next_id()
        for box in self._stamps:
            box[0] = stamp
        for tensor, grad in self._grads:
            tensor.grad = grad
        return self._give()

    def result(self) -> Any:
        """Return copies of what the step returned last."""
        return self._give()

    def verify(self, before: Any) -> None:
        """Run the tape from where the recorded step began, and compare every bit with it.

        Args:
            before: copies of all storages that the step has not made, as it found them.

        Raises:
            CaptureError: something differs: the step has done what no backend knows of.
        """
        recording = self._recording
        after = recording.clones(outer=False)
        for _ in range(2):  # a backend may learn from the first run how to make the others fast
            recording.put_back(before)
            for step in self._steps:
                step()
            if not recording.equal(after):
                recording.put_back(after)
                message = (
                    "capture: the step gives other bits when its calls are repeated: it changes "
                    "elements behind the back of the backend"
                )
                raise CaptureError(message)


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
    shape, dtype, storage = data.shape, data.dtype, data.storage
    if data.whole and type(storage) is ndarray:
        return lambda: Tensor(over_all_of(storage.copy(), shape), backend, history)

    def copy() -> Tensor:
        out = backend.allocate(shape, dtype)
        backend.map(identity, out, data)
        return Tensor(out, backend, history)

    return copy
