"""Memory that serves several results of a step, one after the other.

While a step is recorded, each result has memory of its own, and the tape holds all of it. But most
results are read by the next calls and never again; from then on a later result of the same size can
lie there. Where memory is needed from its first call to its last, one pass over the calls finds a
place for each, as a compiler finds registers. What is still warm in the cache is taken first.

An elementwise call may write where it reads, element for element; so an operand that it is the
last to read gives up its place to the result.

What somebody may look at after the step stays where it is: gradients, what the step returns, and
whatever it has not made itself. So does what is not written whole before it is read.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from mt_tensor.capture.tape import Call, Check, Entry
from mt_tensor.tensor_data import Storage, TensorData

Free = defaultdict[tuple[Any, int], list[Storage]]
"""Places that may be taken, for each dtype and size."""

WRITING = frozenset(
    {"map", "zip", "reduce", "matmul", "fill", "dropout", "gather", "take_rows"}
    | {"pick", "pick_by_input", "log_softmax", "log_softmax_by_input", "extremum_by_input"}
    | {"conv1d", "conv1d_by_input", "conv1d_by_weight"}
    | {"conv2d", "conv2d_by_input", "conv2d_by_weight"}
    | {"avg_pool2d", "avg_pool2d_by_input", "max_pool2d", "max_pool2d_by_input"}
)
"""Methods that set every element of their first tensor, whatever was there."""


ELEMENTWISE = frozenset({"map", "zip"})
"""Methods whose output may be an operand."""


def shared(entries: Sequence[Entry], movable: set[int]) -> tuple[list[Entry], set[int]]:
    """Let results that are not needed at the same time have one memory.

    Args:
        entries: of a tape.
        movable: the `id` of each storage that nobody looks at after the step.

    Returns:
        The entries, on other storages; and the `id` of each storage whose content is lost.
    """
    spans = _spans(entries)
    moving = {k for k, (i, _) in spans.items() if k in movable and sets_all_of(entries[i], k)}
    homes: dict[int, Storage] = {}
    free: Free = defaultdict(list)
    told: list[Entry] = []
    for i, entry in enumerate(entries):
        touched = {id(a.storage): a.storage for a in _tensors(entry)}
        ends = [key for key in touched if key in moving and spans[key][1] == i]
        early = [key for key in ends if key in homes and _gives_way(entry, key)]
        _release(early[::-1], homes, free)  # the first operand's, a gradient's, is taken first
        for key, storage in touched.items():
            if key in moving and spans[key][0] == i:
                spare = free[storage.dtype, len(storage)]
                homes[key] = spare.pop() if spare else storage
        told.append(_moved(entry, homes))
        _release([key for key in ends if key not in early], homes, free)
    return told, moving


def _release(keys: Sequence[int], homes: dict[int, Storage], free: Free) -> None:
    """Let the places of storages be taken again."""
    for key in keys:
        home = homes[key]
        free[home.dtype, len(home)].append(home)


def _gives_way(entry: Entry, key: int) -> bool:
    """Whether the output may lie where this storage does: each element is read as it is set."""
    if not isinstance(entry, Call) or entry.method not in ELEMENTWISE:
        return False
    out, *others = entry.tensors
    return out.whole and all(
        a.whole and a.strides == out.strides and a.shape == out.shape
        for a in others
        if id(a.storage) == key
    )


def _spans(entries: Sequence[Entry]) -> dict[int, tuple[int, int]]:
    """Return the first and the last entry that touches each storage."""
    spans: dict[int, tuple[int, int]] = {}
    for i, entry in enumerate(entries):
        for a in _tensors(entry):
            spans[id(a.storage)] = spans.get(id(a.storage), (i, i))[0], i
    return spans


def sets_all_of(entry: Entry, key: int) -> bool:
    """Whether an entry sets all of the storage with this `id`, and reads nothing of it."""
    if not isinstance(entry, Call) or entry.method not in WRITING:
        return False
    out, *others = entry.tensors
    return id(out.storage) == key and out.whole and all(id(a.storage) != key for a in others)


def _tensors(entry: Entry) -> Sequence[TensorData]:
    return entry.tensors if isinstance(entry, (Call, Check)) else ()


def _moved(entry: Entry, homes: dict[int, Storage]) -> Entry:
    """Return the same entry on the storages where its tensors are at home now."""

    def at_home(value: Any) -> Any:
        if not isinstance(value, TensorData) or id(value.storage) not in homes:
            return value
        home = value.restrided(value.shape, value.strides)
        home.storage = homes[id(value.storage)]
        return home

    if isinstance(entry, Call):
        kwargs = {name: at_home(value) for name, value in entry.kwargs.items()}
        return entry._replace(args=tuple(map(at_home, entry.args)), kwargs=kwargs)
    if isinstance(entry, Check):
        return entry._replace(tensors=tuple(map(at_home, entry.tensors)))
    return entry
