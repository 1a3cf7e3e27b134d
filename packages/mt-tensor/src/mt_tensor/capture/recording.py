"""One recorded step: its tape, what it relies on, and what it leaves behind."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mt_operators import identity
from mt_tensor.backend import Backend
from mt_tensor.capture.guards import Watch
from mt_tensor.capture.inputs import Places
from mt_tensor.capture.live import Live
from mt_tensor.capture.recorder import Recorder
from mt_tensor.capture.tape import Call, Check
from mt_tensor.defaults.elementwise import copied
from mt_tensor.errors import CaptureError
from mt_tensor.tensor import Tensor
from mt_tensor.tensor_data import TensorData

Clone = tuple[TensorData, TensorData]
"""A whole storage, and a copy of it."""


class Recording:
    """A step that is run and written down.

    Args:
        step: the function.
        backend: where it computes.
        places: what it gets for arguments.
        names: the keyword arguments among them, the last ones.

    Attributes:
        recorder: has the tape.
        watch: has the guards.
        result: what the step returned.
        grads: for each tensor that was found, its gradient before and after.

    Raises:
        CaptureError: the step does what cannot be replayed.
    """

    def __init__(
        self, step: Callable[..., Any], backend: Backend, places: Places, names: tuple[str, ...]
    ) -> None:
        """Run the step."""
        self.backend = backend
        self.recorder = Recorder(backend)
        self.watch = Watch(step)
        _refuse_hooks(self.watch)
        before = [(tensor, tensor.grad) for _, tensor in self.watch.tensors]
        positional = len(places.values) - len(names)
        keywords = dict(zip(names, places.values[positional:], strict=True))
        with self.recorder:
            self.result = step(*places.values[:positional], **keywords)
        self.watch.release([place for live in self.recorder.lives for place in live.reads])
        self._refuse_side_effects()
        self._refuse_written(places)
        self.grads = [(t, old, t.grad) for t, old in before]
        _refuse_graphs(self.result)

    @property
    def written(self) -> list[TensorData]:
        """What the step writes that it has not made."""
        calls = (entry for entry in self.recorder.entries if isinstance(entry, Call))
        found = {id(a.storage): a for call in calls for a in call.written}
        return [a for a in found.values() if not self.recorder.made(a.storage)]

    def touches(self, data: TensorData) -> bool:
        """Whether a call has this storage among its arguments."""
        entries = (e for e in self.recorder.entries if isinstance(e, (Call, Check)))
        return any(a.storage is data.storage for entry in entries for a in entry.tensors)

    def clones(self, *, outer: bool) -> list[Clone]:
        """Copy every storage that the step touches or can reach; only those it has not made."""
        touched = [t.data for _, t in self.watch.tensors if t.backend is self.backend]
        for entry in self.recorder.entries:
            if isinstance(entry, (Call, Check)):
                touched += entry.tensors
        wholes = {id(a.storage): TensorData(a.storage, (len(a.storage),)) for a in touched}
        kept = (a for a in wholes.values() if not (outer and self.recorder.made(a.storage)))
        return [(a, self._copy(a)) for a in kept]

    def repeat(self) -> None:
        """Make the calls and checks again, with the values of this step."""
        for entry in self.recorder.entries:
            if not isinstance(entry, Live):
                entry.run(self.backend)

    def put_back(self, clones: list[Clone]) -> None:
        """Give storages the content that they had."""
        for whole, clone in clones:
            self.backend.map(identity, whole, clone)

    def equal(self, clones: list[Clone]) -> bool:
        """Whether storages have the content of their copies, bit for bit."""
        read = self.backend.to_array
        return all(np.array_equal(_bits(read(a)), _bits(read(b))) for a, b in clones)

    def _copy(self, a: TensorData) -> TensorData:
        return copied(self.backend, a, a.dtype)

    def _refuse_written(self, places: Places) -> None:
        given = {id(t.data.storage): t for t in places.values if isinstance(t, Tensor)}
        for a in self.written:
            if id(a.storage) in given:
                shape = given[id(a.storage)].shape
                message = (
                    f"capture: the step writes to its argument of shape {shape}, and a replay "
                    "would write to a copy; write to a clone()"
                )
                raise CaptureError(message)

    def _refuse_side_effects(self) -> None:
        changed = next(self.watch.changes(), None)
        if changed is not None:
            message = f"capture: the step itself changes what it reads: {changed}"
            raise CaptureError(message)


def tensors_of(result: Any) -> list[Tensor]:
    """List the tensors in what a step returned: one, or a tuple, list or dictionary of them."""
    if isinstance(result, Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return (
        [t for part in parts for t in tensors_of(part)]
        if isinstance(result, (tuple, list, dict))
        else []
    )


def _bits(array: Any) -> Any:
    return np.ascontiguousarray(array).view(np.uint8)


def _refuse_hooks(watch: Watch) -> None:
    hooked = [path for path, tensor in watch.tensors if tensor.hooks]
    if hooked:
        message = f"capture: {hooked[0]} has a hook, which a replay would not call; remove it"
        raise CaptureError(message)


def _refuse_graphs(result: Any) -> None:
    for t in tensors_of(result):
        if t.history is not None and (t.is_leaf() or t.history.ctx is not None):
            what = "a parameter" if t.is_leaf() else "a tensor with its graph"
            message = (
                f"capture: the step returns {what}, of shape {t.shape}, but a replay returns "
                "numbers; call backward() in the step, or return it detached: .detach()"
            )
            raise CaptureError(message)
