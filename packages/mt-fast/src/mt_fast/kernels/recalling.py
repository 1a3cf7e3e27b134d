"""A call that was made before, made again: a function that Python calls as one written in C.

An addition of a hundred numbers takes 10 ns; what leads there takes 700 in Python: a key and its
look-up, an array, a tensor, attributes. Here all of it is compiled, and takes 100. `recall` stands
in the place of a method. The interpreter hands it the address of an array of arguments
(`METH_FASTCALL`), and holds its lock meanwhile.

1. `describe` writes the call down as words. An argument is known by its address, a tuple by those
   of its items; a tensor by those of its shape, strides and dtype, for tensors of one layout mostly
   share the tuples.
2. `find` looks for an entry of the same words. An entry keeps the objects whose addresses it has,
   so none of them can have become another object meanwhile.
3. `make` allocates the result, starts the kernels of the entry, and makes a tensor of the result.

Where something is not as expected, a function of Python answers the call. It also makes the entries
(`mt_fast.memory`); which words they have is said here. All sizes and distances are in words.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, SIM110  compiled: types are inferred, and there are no generators

import ctypes

from numba.core.types import int32, intp
from numba.extending import register_jitable

from mt_fast.kernels.calling import start_at
from mt_fast.kernels.intrinsics.borrowed import ADDRESS
from mt_fast.kernels.intrinsics.elements import put_word, word_at
from mt_fast.kernels.intrinsics.objects import (
    TYPE,
    call_object,
    decrease,
    failed,
    increase,
    integer_of,
    item_of,
    length_of,
    new_array,
    new_object,
)
from mt_fast.kernels.starting import DTYPE
from mt_tensor.tensor_data import TensorData

SIGNATURE = intp(intp, intp, intp, intp)

TENSOR, ARRAY, INTEGER, TUPLE, ZERO, UNWRITTEN, KEY = range(7)
"""The first words of a table: four types, and what a new tensor has for its offset and its last
write; then room for the key of a call."""

ARGUMENTS, ITEMS = 9, 8
"""Calls of more arguments are not described, nor are tuples of more items."""

PLACES = KEY + 1 + ARGUMENTS * (3 + ITEMS)
"""Where the places of a table begin, each for the address of an entry."""

BITS, LOOKS = 11, 8
"""There are 2^BITS places. An entry is at the one that its key tells, or one of those behind it."""

TABLE = PLACES + (1 << BITS) + LOOKS
"""How many words a table has."""

LAYOUT_FOLLOWS, ITEMS_FOLLOW = 0, 1
"""In a key before the words of a tensor, and of a tuple; no object has such an address."""

OWNER, TAKE, SIZE, DTYPE_OBJECT, COUNT, SHAPE, STRIDES, LAUNCHES, WORDS, ENTRY_KEY = range(10)
"""The first words of an entry: the object that keeps it; what to call for an array of a size and a
dtype, or 0 for NumPy's allocation; both as objects, and the size; shape and strides of the result;
where the launches begin; how many words the key has; the key. A 0 ends the launches."""

KERNEL, UNITS, LAYOUT, STORAGES, OPERANDS = range(5)
"""The first words of a launch: address of the kernel, units of work, words of layout, storages; and
for each storage, which argument it belongs to and its dtype. Then room for what the kernel gets of
each: its address, and the position; then the layout."""

RESULT = -1
"""For the storage of the result, in place of an argument."""

MIX = -7046029254386353131
"""2^64 divided by the golden ratio: the upper bits of a product depend on all bits of a word."""


def place_of(key: tuple[int, ...]) -> int:
    """Return the place that a key tells, as `describe` does."""
    mixed = 0
    for value in key:
        mixed = (mixed ^ value) * MIX % (1 << 64)
    return mixed >> (64 - BITS)


def slots() -> dict[str, int]:
    """Return where in a tensor each of its slots is, found by trying it out."""
    probe, marks = object.__new__(TensorData), {name: object() for name in TensorData.__slots__}
    for name, mark in marks.items():
        setattr(probe, name, mark)
    words = range(TYPE + 1, TensorData.__basicsize__ // 8)
    found = {ctypes.c_ssize_t.from_address(id(probe) + 8 * at).value: at for at in words}
    return {name: found[id(mark)] for name, mark in marks.items()}


SLOTS = slots()
OFFSET_SLOT, WRITTEN_SLOT = SLOTS["offset"], SLOTS["last_write"]
SHAPE_SLOT, STRIDES_SLOT, STORAGE_SLOT = SLOTS["shape"], SLOTS["strides"], SLOTS["storage"]


def recall(memory, args, count, names):
    """Answer a call.

    Args:
        memory: a tuple: the table of entries, and the function of Python.
        args: where the arguments are.
        count: how many of them are given by position.
        names: a tuple of the names of the others, or 0.

    Returns:
        The result, or 0 where an exception is set.
    """
    table = word(item_of(memory, 0), ADDRESS)
    entry = find(table, *describe(table, args, count, names))
    if entry != 0:
        made = make(table, entry, args)
        if made != 0 or failed() != 0:
            return made
    return call_object(item_of(memory, 1), args, count, names)


@register_jitable
def word(pointer, k):
    """Return a word of what is at an address."""
    return word_at(pointer + 8 * k)


@register_jitable
def put(pointer, k, value):
    """Set a word of what is at an address."""
    put_word(pointer + 8 * k, value)


@register_jitable
def described(at, mixed, value):
    """Write a word of a key, and mix it into what tells the place."""
    put_word(at, value)
    return at + 8, (mixed ^ value) * MIX


@register_jitable
def describe(table, args, count, names):
    """Write the key of a call to the table; return how many words it has, and its place."""
    named = length_of(names) if names != 0 else 0
    if count + named > ARGUMENTS:
        return 0, 0
    at, mixed = described(table + 8 * KEY, 0, count)
    for k in range(named):
        at, mixed = described(at, mixed, item_of(names, k))
    for k in range(count + named):
        given = word(args, k)
        kind = word(given, TYPE)
        if kind == word(table, TENSOR):
            at, mixed = describe_tensor(table, at, mixed, given)
        elif kind != word(table, TUPLE):
            at, mixed = described(at, mixed, given)
        elif length_of(given) <= ITEMS:
            at, mixed = describe_tuple(at, mixed, given)
        else:
            return 0, 0
    return (at - table) // 8 - KEY, (mixed >> (64 - BITS)) & ((1 << BITS) - 1)


@register_jitable
def describe_tensor(table, at, mixed, tensor):
    """Write the words of a tensor; 0 for the dtype of a storage that is no plain array."""
    storage = word(tensor, STORAGE_SLOT)
    dtype = word(storage, DTYPE) if is_a(storage, word(table, ARRAY)) else 0
    at, mixed = described(at, mixed, LAYOUT_FOLLOWS)
    at, mixed = described(at, mixed, word(tensor, SHAPE_SLOT))
    at, mixed = described(at, mixed, word(tensor, STRIDES_SLOT))
    return described(at, mixed, dtype)


@register_jitable
def is_a(thing, kind):
    """Whether there is an object at an address, of just this type."""
    return thing != 0 and word(thing, TYPE) == kind


@register_jitable
def describe_tuple(at, mixed, given):
    """Write the words of a tuple: its length comes first."""
    at, mixed = described(at, mixed, ITEMS_FOLLOW)
    at, mixed = described(at, mixed, length_of(given))
    for i in range(length_of(given)):
        at, mixed = described(at, mixed, item_of(given, i))
    return at, mixed


@register_jitable
def find(table, size, place):
    """Return the entry for the key that the table holds, or 0."""
    for k in range(PLACES + place, PLACES + place + LOOKS):
        entry = word(table, k)
        if entry == 0:
            return 0
        if word(entry, WORDS) == size and same(entry + 8 * ENTRY_KEY, table + 8 * KEY, size):
            return entry
    return 0


@register_jitable
def same(one, other, size):
    """Whether so many words are equal."""
    for k in range(size):
        if word(one, k) != word(other, k):
            return False
    return True


@register_jitable
def make(table, entry, args):
    """Return a new tensor: what the kernels of an entry make of the arguments.

    Or 0: an exception is set, or the arguments have changed.
    """
    owner = word(entry, OWNER)
    increase(owner)  # an allocation may run any Python, which may drop the entry
    made = allocate(table, entry)
    if made != 0 and not launch(table, entry, word(made, STORAGE_SLOT), args):
        decrease(made)
        made = 0
    decrease(owner)
    return made


@register_jitable
def allocate(table, entry):
    """Return a new tensor with any content, or 0."""
    storage = allocate_array(entry)
    if storage == 0:
        return 0
    made = new_object(word(table, TENSOR), 0)
    if made == 0:
        decrease(storage)
        return 0
    put(made, STORAGE_SLOT, storage)
    put_new(made, SHAPE_SLOT, word(entry, SHAPE))
    put_new(made, STRIDES_SLOT, word(entry, STRIDES))
    put_new(made, OFFSET_SLOT, word(table, ZERO))
    put_new(made, WRITTEN_SLOT, word(table, UNWRITTEN))
    return made


@register_jitable
def allocate_array(entry):
    """Return a new array with any content, or 0."""
    if word(entry, TAKE) != 0:
        return call_object(word(entry, TAKE), entry + 8 * SIZE, 2, 0)
    increase(word(entry, DTYPE_OBJECT))
    return new_array(int32(1), entry + 8 * COUNT, word(entry, DTYPE_OBJECT), int32(0))


@register_jitable
def put_new(pointer, k, thing):
    """Set a word to an object, of which it holds a reference."""
    increase(thing)
    put(pointer, k, thing)


@register_jitable
def launch(table, entry, result, args):
    """Start the kernels of an entry; return False, at the first that is not for these storages."""
    head = entry + 8 * word(entry, LAUNCHES)
    while word(head, KERNEL) != 0:
        count, size = word(head, STORAGES), word(head, LAYOUT)
        data = head + 8 * (OPERANDS + 2 * count)
        for k in range(count):
            which, dtype = word(head, OPERANDS + 2 * k), word(head, OPERANDS + 2 * k + 1)
            storage, position = result, 0
            if which != RESULT:
                storage, position = read(table, word(args, which))
            if storage == 0 or word(storage, DTYPE) != dtype:
                return False
            put(data, k, word(storage, ADDRESS))
            put(data, count + k, position)
        layout = data + 8 * 2 * count
        start_at(word(head, KERNEL), word(head, UNITS), count, size, data, layout)
        head = layout + 8 * size
    return True


@register_jitable
def read(table, tensor):
    """Return the storage of a tensor, 0 if it is no plain array, and the offset."""
    storage, offset = word(tensor, STORAGE_SLOT), word(tensor, OFFSET_SLOT)
    if not is_a(storage, word(table, ARRAY)) or not is_a(offset, word(table, INTEGER)):
        return 0, 0
    return storage, integer_of(offset)
