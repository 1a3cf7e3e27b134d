"""Calls of a method, remembered: those like one that was made before are answered by `recall`.

A call is like another if its tensors have the same layouts and dtypes, and all other arguments are
the same objects. The first goes the long way, which also tells which kernels it has started. From
these an entry is made, in words that `mt_fast.kernels.recalling` reads.

Layouts are compared by the addresses of their tuples. So equal tuples are exchanged for the one
that was met first (`mt_tensor.layout.shared`): once for a parameter; and what the arithmetic of
layouts hands out are such tuples.
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from mt_fast.compiler import Kernel, compile_kernel
from mt_fast.kernels import recalling
from mt_fast.kernels.intrinsics.instruction import EXAMINED
from mt_operators import Op
from mt_tensor.layout import shared
from mt_tensor.tensor_data import UNWRITTEN, TensorData

HEAD = 16
"""Bytes before what an object has of its own: a count and a type. Without a lock there are more."""

ABLE = not EXAMINED and object.__basicsize__ == HEAD
"""Whether there is compiled code, and an interpreter with a lock."""

PLAIN = {tuple, bool, type(None)}
"""What an argument may be beside tensors and functions: what never changes."""

FUNCTIONS = {Op, FunctionType, BuiltinFunctionType}
"""Not kept: whoever knows of the end of one calls `clear`."""

FASTCALL, KEYWORDS = 0x80, 0x02
"""How CPython calls a function: with an array of arguments, and names for the last of them."""

Array = np.ndarray[Any, Any]


class Launched(NamedTuple):
    """A kernel that has made a result.

    Attributes:
        words: as `mt_fast.launching.described` returns them.
        operands: for each storage, which argument it belongs to, or `RESULT`.
    """

    words: Array
    operands: tuple[int, ...]


Made = tuple[TensorData, Sequence[Launched]]
"""The result of a call, and the kernels that make the same of each such call; none if there are no
such kernels."""


class Entry(NamedTuple):
    """What is remembered of a call.

    Attributes:
        key: its words, which tell it from others.
        words: the key, the result and the launches, as `recall` reads them.
        kept: the objects whose addresses are among the words.
    """

    key: tuple[int, ...]
    words: Array
    kept: tuple[Any, ...]


class Memory:
    """The calls of one method that are answered without it.

    Args:
        name: of the method.
        method: answers a call the long way. Tensors are given to it by position.
        taker: returns what allocates an array of so many bytes.

    Attributes:
        call: answers calls, in place of the method.
    """

    __slots__ = ("_entries", "_method", "_places", "_taker", "call")

    def __init__(self, name: str, method: Callable[..., Made], taker: Callable[[int], Any]) -> None:
        """Remember nothing yet."""
        self._method, self._taker = method, taker
        self._entries: dict[int, Entry] = {}
        table = np.zeros(recalling.TABLE, np.int64)
        known = TensorData, np.ndarray, int, tuple, 0, UNWRITTEN
        table[: recalling.KEY] = [id(each) for each in known]
        self._places = table[recalling.PLACES :]
        self.call = _function(name, (table, self._answer))

    def clear(self) -> None:
        """Forget all calls."""
        self._places.fill(0)
        self._entries.clear()

    def _answer(self, *args: Any, **kwargs: Any) -> TensorData:
        """Answer a call that is not known; or not by these tuples, but those met first."""
        if _settle(args):
            return self.call(*args, **kwargs)
        made, launches = self._method(*args, **kwargs)
        if launches and _lasting(args, kwargs):
            _settle((made,))
            self._remember(_entry(args, kwargs, made, launches, self._taker(made.storage.nbytes)))
        return made

    def _remember(self, entry: Entry) -> None:
        """Put an entry where it is looked for: in place of an equal one, or where there is none."""
        first = recalling.place_of(entry.key)
        near = range(first, first + recalling.LOOKS)
        equal = (at for at in near if at in self._entries and self._entries[at].key == entry.key)
        empty = (at for at in near if at not in self._entries)
        place = next(equal, next(empty, first))
        self._places[place] = entry.words.ctypes.data
        self._entries[place] = entry


def _settle(args: tuple[Any, ...]) -> bool:
    """Exchange the layouts of tensors for equal ones that were met first; False if they are."""
    changed = False
    for arg in args:
        if type(arg) is TensorData:
            shape, strides = shared(arg.shape), shared(arg.strides)
            if shape is not arg.shape or strides is not arg.strides:
                arg.shape, arg.strides, changed = shape, strides, True
    return changed


def _lasting(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether the arguments will be the same in a call like this one."""
    kinds, named = map(type, args), map(type, kwargs.values())
    return {TensorData, *PLAIN, *FUNCTIONS}.issuperset(kinds) and PLAIN.issuperset(named)


def _entry(
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    made: TensorData,
    launches: Sequence[Launched],
    take: Any,
) -> Entry:
    given = *args, *kwargs.values()
    key = len(args), *map(id, kwargs), *(word for arg in given for word in _described(arg))
    size, dtype = len(made.storage), made.storage.dtype
    head = [0 if take is np.empty else id(take), id(size), id(dtype), size]
    head += [id(made.shape), id(made.strides), recalling.ENTRY_KEY + len(key), len(key)]
    body = [word for launch in launches for word in _launch(launch)]
    words = np.array([0, *head, *key, *body, 0], np.int64)
    layouts = [(a.shape, a.strides, a.storage.dtype) for a in given if type(a) is TensorData]
    layouts.append((made.shape, made.strides, dtype))
    plain = [arg for arg in given if type(arg) in PLAIN]
    entry = Entry(key, words, (take, size, layouts, plain, *kwargs))
    words[recalling.OWNER] = id(entry)
    return entry


def _described(arg: Any) -> Iterator[int]:
    """Yield the words of an argument, as `describe` writes them."""
    if type(arg) is TensorData:
        yield from (recalling.LAYOUT_FOLLOWS, *map(id, (arg.shape, arg.strides, arg.dtype)))
    elif type(arg) is tuple:
        yield from (recalling.ITEMS_FOLLOW, len(arg), *map(id, arg))
    else:
        yield id(arg)


def _launch(launch: Launched) -> Iterator[int]:
    count = len(launch.operands)
    kernel, units, size, *rest = launch.words.tolist()
    yield from (kernel, units, size, count)
    for operand, dtype in zip(launch.operands, rest[:count], strict=True):
        yield from (operand, dtype)
    yield from (0,) * (2 * count)
    yield from rest[count:]


class _Definition(ctypes.Structure):
    """A `PyMethodDef`: what CPython knows of a function that is written in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("text", ctypes.c_char_p),
    )


@cache
def _definition(name: str) -> _Definition:
    """Return the definition of a function, which must stay for as long as the function."""
    text = f"{name}($self, /, *args, **kwargs)\n--\n\nReturn a new tensor."
    return _Definition(name.encode(), _code().address, FASTCALL | KEYWORDS, text.encode())


@cache
def _code() -> Kernel:
    """Return the compiled function, the same for all methods."""
    identity, signature = str(recalling.SLOTS), recalling.SIGNATURE
    return compile_kernel(recalling.recall, {}, identity, signature)


def _function(name: str, memory: tuple[Any, ...]) -> Callable[..., TensorData]:
    """Return a function that answers calls from a table, or asks another function."""
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, *[ctypes.py_object] * 2]
    return new(ctypes.addressof(_definition(name)), memory, None)  # type: ignore[no-any-return]
