"""What a step says about itself so that it can be replayed: numbers that change, checks to repeat.

Outside of a recording both cost a look at one attribute: `live(compute)` is `compute()`, and
`each_time(check, t)` is `check` of the elements.
"""

import threading
from collections.abc import Callable
from functools import partial
from operator import getitem
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase
    from mt_tensor.capture.recorder import Recorder
    from mt_tensor.tensor_data import TensorData

T = TypeVar("T")
Place = tuple[Any, Any]
"""A container and a key, or an object and the name of an attribute."""


class Live(Generic[T]):
    """A value that each step computes anew, such as a learning rate or a key of dropout.

    It may be an argument of any call of a backend; the call itself meets the value.

    Args:
        compute: returns the value of the next step; it may count, or draw.
        reads: what it reads, which may then change from step to step.

    Attributes:
        value: that of the current step.
        watchers: called when a refresh has changed the value.
    """

    __slots__ = ("compute", "reads", "value", "watchers")

    def __init__(self, compute: Callable[[], T], reads: tuple[Place, ...]) -> None:
        """Compute the first value."""
        self.compute = compute
        self.reads = reads
        self.value = compute()
        self.watchers: list[Callable[[], None]] = []

    @property
    def item(self) -> Place | None:
        """The container and the key, if it is no more than an entry of a container."""
        compute: Any = self.compute
        plain = isinstance(compute, partial) and compute.func is getitem
        return compute.args if plain else None

    def refresh(self) -> None:
        """Go on to the next step."""
        value = self.compute()
        if value is not self.value and value != self.value:
            self.value = value
            for watcher in self.watchers:
                watcher()


class _Active(threading.local):
    recorder: "Recorder | None" = None


active = _Active()
"""The recorder of the step that this thread is recording."""

recorders: list["Recorder"] = []
"""Those of all threads. While there are none, `active` need not be looked at, which takes 40 ns."""


def live(compute: Callable[[], T], *reads: Place) -> T:
    """Return `compute()`; in a recorded step, a stand-in whose value each replay computes anew.

    Args:
        compute: reads plain Python state, not tensors.
        reads: `(container, key)` of what it reads, so that a change there is no surprise.

    Returns:
        The value. Pass it on to a method of a backend, and do nothing else with it.
    """
    recorder = active.recorder
    return compute() if recorder is None else recorder.live(compute, reads)  # type: ignore[return-value]  # the stand-in


def live_item(container: Any, key: Any) -> Any:
    """Return `container[key]`; in a recorded step, a stand-in that each replay reads anew."""
    recorder = active.recorder
    return container[key] if recorder is None else recorder.item(container, key)


def each_time(check: Callable[..., object], *tensors: "TensorBase") -> None:
    """Call `check` with the elements of tensors, as arrays, now and in each replay.

    For what must be looked at on the host and changes nothing, such as whether indices are in
    range. What `check` returns is dropped, and it must not write.
    """
    recorder = active.recorder
    if recorder is None:
        check(*(t.backend.to_array(t.data) for t in tensors))
    else:
        recorder.check(check, tensors)


def constant_data(backend: "Backend", array: Any) -> "TensorData":
    """Copy an array to a backend that depends on shapes and plain numbers alone.

    In a recorded step it is a constant of the tape; any other array there is refused, because the
    next step may have another.
    """
    recorder = active.recorder
    return backend.from_array(array) if recorder is None else recorder.constant(backend, array)


def is_capturing() -> bool:
    """Whether this thread is recording a step: what cannot be looked at then is not to be asked."""
    return active.recorder is not None


def resolved(value: Any) -> Any:
    """Return the current value of a stand-in; anything else as it is."""
    return value.value if type(value) is Live else value
