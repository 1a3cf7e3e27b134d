"""Whether two recordings of one step are the same: only then is the next step the same again."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from mt_operators import Op
from mt_tensor.base import TensorBase
from mt_tensor.capture.live import Live
from mt_tensor.capture.recorder import Recorder
from mt_tensor.capture.tape import Call, Check, Entry
from mt_tensor.tensor_data import TensorData


def disagreement(first: Recorder, second: Recorder) -> str | None:
    """Return where two recordings part, in words; None if they agree."""
    names = _Names(first), _Names(second)
    for a, b in zip(first.entries, second.entries, strict=False):
        if type(a) is not type(b) or not _same(_parts(a), _parts(b), names):
            return f"{_told(b)} is not what the step before did there"
    if len(first.entries) != len(second.entries):
        longer = max(first.entries, second.entries, key=len)
        extra = longer[min(len(first.entries), len(second.entries))]
        return f"{_told(extra)} is in one step and not in the next"
    if not _same(first.constants, second.constants, names):
        return "a tensor is made of other numbers in one step than in the next"
    return None


class _Names:
    """Calls storages and values of one recording by what they are, not by what they are called."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._ordinals: dict[int, int] = {}
        self._lives = {id(live): i for i, live in enumerate(recorder.lives)}

    def of_storage(self, storage: Any) -> tuple[str, int]:
        if not self._recorder.made(storage):
            return "outer", id(storage)
        return "made", self._ordinals.setdefault(id(storage), len(self._ordinals))

    def of_live(self, live: Live[Any]) -> int:
        return self._lives[id(live)]


Names = tuple[_Names, _Names]
Array = np.ndarray[Any, Any]


def _parts(entry: Entry) -> tuple[Any, ...]:
    if isinstance(entry, Call):
        return entry.method, entry.args, tuple(entry.kwargs.items())
    if isinstance(entry, Check):
        return entry.check, entry.tensors
    return (entry,)


def _told(entry: Entry) -> str:
    if isinstance(entry, Call):
        return f"{entry.place} the call of {entry.method}"
    return f"{entry.place} a check" if isinstance(entry, Check) else "a value of each step"


def _same(a: Any, b: Any, names: Names) -> bool:
    if type(a) is not type(b):
        return False
    for kind, rule in _RULES.items():
        if isinstance(a, kind):
            return rule(a, b, names)
    return bool(a == b)


def _same_data(a: TensorData, b: TensorData, names: Names) -> bool:
    layouts = ((t.shape, t.strides, t.offset, t.dtype) for t in (a, b))
    storages = (name.of_storage(t.storage) for name, t in zip(names, (a, b), strict=True))
    return len(set(layouts)) == 1 == len(set(storages))


def _same_live(a: Live[Any], b: Live[Any], names: Names) -> bool:
    return names[0].of_live(a) == names[1].of_live(b)


def _same_sequence(a: Sequence[Any], b: Sequence[Any], names: Names) -> bool:
    pairs = zip(a, b, strict=False)
    return len(a) == len(b) and all(_same(x, y, names) for x, y in pairs)


def _same_function(a: FunctionType, b: FunctionType, names: Names) -> bool:
    """Whether two functions do the same: one that is made in each step is another each time."""
    return a is b or _same(_content(a), _content(b), names)


def _same_partial(a: partial[Any], b: partial[Any], names: Names) -> bool:
    parts, others = ((f.func, f.args, tuple(f.keywords.items())) for f in (a, b))
    return _same(parts, others, names)


def _same_float(a: float, b: float, _names: Names) -> bool:
    return math.copysign(1.0, a) == math.copysign(1.0, b) and (a == b or math.isnan(a + b))


def _same_array(a: Array, b: Array, _names: Names) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _same_object(a: object, b: object, _names: Names) -> bool:
    return a is b


_RULES: dict[Any, Callable[[Any, Any, Names], bool]] = {
    TensorData: _same_data,
    Live: _same_live,
    (tuple, list): _same_sequence,
    FunctionType: _same_function,
    partial: _same_partial,
    float: _same_float,
    np.ndarray: _same_array,
    (TensorBase, Op): _same_object,
}
"""What makes two arguments of a kind the same; plain values are compared."""


def _content(function: FunctionType) -> tuple[Any, ...]:
    cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    return function.__code__, function.__defaults__, cells
