"""Starting an elementwise kernel from Python: arrays as they are, and one array of words.

What Numba reads of an array that Python passes, and the reference that it counts, take 45 ns. A
kernel wants the address of the elements, which is one word of NumPy's array object; so arrays come
as handles, the addresses of the objects, and one that starts a kernel on three arrays takes 0.1 us
in place of 0.27.

Which kernel, on how many units of work, with which layout: that is prepared once, as words. A
handle also tells the dtype, another word of the object, which is compared with the prepared one:
nothing else checks that the kernel is one for these arrays.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ARG001, PLR0913, PLR0917  compiled: types are inferred

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once
from numba.extending import NativeValue, intrinsic, models, register_model, unbox

from mt_fast.kernels.calling import KERNEL, WORD, note
from mt_fast.kernels.intrinsics.borrowed import ADDRESS, word_of

POINTER = WORD.as_pointer()

DTYPE = ADDRESS + 5
"""Which word is its dtype: after the dimensions' number, sizes and strides, and the base."""

HEAD = 3
"""Words before the dtypes: the kernel, its units, and how many words of layout follow them."""


class Handle(types.Type):
    """An array, as Python holds it."""

    def __init__(self) -> None:
        """Name the type."""
        super().__init__("Handle")


HANDLE = Handle()
register_model(Handle)(models.OpaqueModel)


@unbox(Handle)
def _unbox(_: Any, array: Any, context: Any) -> NativeValue:
    """Take the object; the caller's reference outlives the call."""
    return NativeValue(array)


def start_map(words, out, a, i, j):
    """Start the kernel that `words` describe on storages, from these positions in them.

    Returns False, and does nothing, if their dtypes are not those of `words`.
    """
    return start(words, (out, a), (i, j))


def start_zip(words, out, a, b, i, j, k):
    """Do the same with two operands."""
    return start(words, (out, a, b), (i, j, k))


def start_zip3(words, out, a, b, c, i, j, k, m):
    """Do the same with three."""
    return start(words, (out, a, b, c), (i, j, k, m))


def start_any(words, arrays, offsets):
    """Do the same with any number of operands, in tuples that begin with the output."""
    return start(words, arrays, offsets)


@intrinsic
def start(_typing: Any, words: Any, arrays: Any, offsets: Any) -> Any:
    """Start a kernel on all units, if the dtypes agree; return whether they do."""
    count = len(arrays)

    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        prepared = builder.inttoptr(word_of(builder, args[0], ADDRESS), POINTER)
        handles = [builder.extract_value(args[1], k) for k in range(count)]
        agreed = ir.Constant(ir.IntType(1), 1)
        for k, handle in enumerate(handles):
            wanted = word_of(builder, prepared, HEAD + k)
            same = builder.icmp_signed("==", word_of(builder, handle, DTYPE), wanted)
            agreed = builder.and_(agreed, same)
        with builder.if_then(agreed, likely=True):
            addresses = [word_of(builder, handle, ADDRESS) for handle in handles]
            positions = [builder.extract_value(args[2], k) for k in range(count)]
            _call(builder, prepared, addresses + positions, count)
        return agreed

    return types.boolean(words, arrays, offsets), emit


def _call(builder: Any, prepared: Any, values: list[Any], count: int) -> None:
    """Emit the call, of all units on this thread."""
    data = alloca_once(builder, WORD, size=len(values))
    for k, value in enumerate(values):
        builder.store(value, builder.gep(data, [ir.Constant(WORD, k)]))
    kernel, units, size = (word_of(builder, prepared, k) for k in range(HEAD))
    layout = builder.gep(prepared, [ir.Constant(WORD, HEAD + count)])
    counts = ir.Constant(WORD, count), ir.Constant(WORD, len(values))
    note(builder, (kernel, units, *counts, size), data, layout)
    function = builder.inttoptr(kernel, KERNEL.as_pointer())
    builder.call(function, [data, layout, ir.Constant(WORD, 0), units])
