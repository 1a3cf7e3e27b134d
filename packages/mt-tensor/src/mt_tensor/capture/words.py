"""The state of plain containers, as words of this process's memory.

Python looks at one place in 10 ns, so a look at everything that a replay relies on takes longer
than the kernels of a small step. But CPython keeps what a container holds in a few words: a list
has a size and a pointer to its items, a cell one pointer, an object a pointer for each slot, and a
dictionary the number of its last change. While no word differs from what it was when all guards
held, all of them hold; compiled code compares a hundred in 0.05 us. Where one differs, nothing is
known: Python looks, and the words are learnt anew.

What the guards expect stays alive with them, so no other object can come to lie at its address.
Where the words are is CPython's own affair. `readable` tries it out on samples; where that fails,
as with the dictionaries of Python 3.13, Python goes on looking.
"""

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from ctypes import c_ssize_t
from functools import cache
from types import CellType, MemberDescriptorType
from typing import Any

import numpy as np

from mt_tensor.capture.guards import Guard

Row = tuple[int, int]
"""An address, and `DIRECT`, or how far behind the address that is stored there the word lies."""

Array = np.ndarray[Any, Any]

DIRECT = -1
CONTENT = 2
"""The column of what a word was when it was learnt."""

UNKNOWN = -1
"""A content that no word has."""

WORD = 8
HEAD = 16
"""Bytes of the reference count and the type, with which every object begins."""

VERSION = 24
"""Where a dictionary has the number of its last change, until Python 3.12."""

ITEMS = 24
"""Where a list has the address of its items; its size is before it."""


def watchable(guard: Guard) -> bool:
    """Whether words of memory tell that a guard holds."""
    return readable() and _words(guard) is not None


def table(guards: Iterable[Guard], objects: Iterable[Any]) -> Array:
    """Return rows of address, distance and content, which is yet to be learnt.

    Args:
        guards: all of them watchable.
        objects: whose slots are to be watched as well.
    """
    rows = [row for guard in guards for row in _words(guard) or ()]
    rows += [row for each in objects for row in _slots(each)]
    return np.array([(*row, UNKNOWN) for row in dict.fromkeys(rows)], np.int64).reshape(-1, 3)


@cache
def readable() -> bool:
    """Whether memory of this interpreter reads as this module expects.

    Each sample is changed in every way there is, and back; its words must tell.
    """
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 13):
        return False
    samples = (_DICT_CHANGES, {"a": 1}), (_LIST_CHANGES, [1, 2]), (_CELL_CHANGES, CellType(1))
    return all(_tells(change, sample) for changes, sample in samples for change in changes)


def _words(guard: Guard) -> list[Row] | None:
    """Return the words that tell whether a guard holds; None if there are no such words."""
    container, kind = guard.container, type(guard.container)
    if guard.kind == "attribute":
        return _behind(container, guard.key)
    if guard.kind == "value":
        return [row for part in container for row in _plain(part)]
    if guard.kind == "global" or kind not in {dict, list, CellType}:
        return None  # a loop at the top of a module assigns to its globals each time
    return list(_plain(container))


def _plain(container: Any) -> Iterator[Row]:
    """Yield the words of a dictionary, a list or a cell."""
    if type(container) is dict:
        yield id(container) + VERSION, DIRECT
    elif type(container) is CellType:
        yield id(container) + HEAD, DIRECT
    else:
        yield id(container) + HEAD, DIRECT
        yield id(container) + ITEMS, DIRECT
        yield from ((id(container) + ITEMS, WORD * i) for i in range(len(container)))


def _behind(value: Any, name: str) -> list[Row] | None:
    """Return the words that decide what an attribute is: a slot, or dictionaries."""
    kind = type(value)
    found = next((vars(k)[name] for k in kind.__mro__ if name in vars(k)), None)
    if isinstance(found, MemberDescriptorType):
        return _slots(value)
    own = getattr(value, "__dict__", None)
    looks: Any = kind.__getattribute__
    computed = looks is not object.__getattribute__ or hasattr(type(found), "__get__")
    if type(own) is not dict or computed:
        return None
    spaces = [own, *(gc.get_referents(vars(k))[0] for k in kind.__mro__)]
    return [(id(space) + VERSION, DIRECT) for space in spaces]


def _slots(value: Any) -> list[Row]:
    """Return all words of an object but the reference count."""
    return [(id(value) + at, DIRECT) for at in range(WORD, type(value).__basicsize__, WORD)]


def _tells(change: Callable[[Any], Any], sample: Any) -> bool:
    before = _contents(sample)
    unread = before == _contents(sample)
    change(sample)
    return unread and before != _contents(sample)


def _contents(container: Any) -> list[int]:
    return [_read(*row) for row in _plain(container)]


def _read(address: int, distance: int) -> int:
    base = c_ssize_t.from_address(address).value
    return base if distance == DIRECT else c_ssize_t.from_address(base + distance).value


_DICT_CHANGES: tuple[Callable[[Any], Any], ...] = (
    *(lambda d: d.update(a=2), lambda d: d.__setitem__("b", 2), lambda d: d.setdefault("c", 2)),
    *(lambda d: d.pop("a"), lambda d: d.popitem(), lambda d: d.update({"e": 5}), dict.clear),
)
_LIST_CHANGES: tuple[Callable[[Any], Any], ...] = (
    *(lambda s: s.append(3), lambda s: s.__setitem__(0, 9), list.pop, list.reverse),
    *(lambda s: s.extend(range(99)), list.clear),
)
_CELL_CHANGES: tuple[Callable[[Any], Any], ...] = (
    lambda cell: setattr(cell, "cell_contents", 2),
    lambda cell: delattr(cell, "cell_contents"),
)
