"""Arrays that a compiled function borrows from the caller, for functions that take next to no time.

What Numba makes of an array that Python passes is a record of its own that counts who holds it,
which takes 45 ns. A caller that holds the array until the function returns needs none of that:
address and sizes are words of NumPy's array object.
"""

from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import NativeValue, models, register_model, unbox
from numba.np.arrayobj import populate_array

from mt_fast.kernels.calling import WORD

WORD_BYTES = 8

ADDRESS = object.__basicsize__ // WORD_BYTES
"""Which word of an array object is the address of its elements: the first that is its own."""

SIZES = ADDRESS + 2
"""Which word is the address of its sizes: after the number of dimensions."""


class Borrowed(types.Array):  # type: ignore[misc]  # Numba has no types of its own
    """A row-major array of words that the caller holds.

    Args:
        dimensions: how many.
    """

    def __init__(self, dimensions: int) -> None:
        """Name the type."""
        super().__init__(numba.int64, dimensions, "C", name=f"Borrowed({dimensions})")


register_model(Borrowed)(models.ArrayModel)


@unbox(Borrowed)
def _unbox(kind: Any, array: Any, box: Any) -> NativeValue:
    """Read the words of the object; no reference is counted."""
    context, builder = box.context, box.builder
    made = context.make_array(kind)(context, builder)
    data = builder.inttoptr(word_of(builder, array, ADDRESS), made.data.type)
    sizes = builder.inttoptr(word_of(builder, array, SIZES), WORD.as_pointer())
    shape = [word_of(builder, sizes, k) for k in range(kind.ndim)]
    strides = [ir.Constant(WORD, WORD_BYTES)]
    for size in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], size))
    populate_array(made, data, shape, strides, ir.Constant(WORD, WORD_BYTES), None)
    return NativeValue(made._getvalue())  # noqa: SLF001  Numba's name for the value


def word_of(builder: Any, pointer: Any, at: int) -> Any:
    """Emit: the word at a place from a pointer."""
    words = builder.bitcast(pointer, WORD.as_pointer())
    return builder.load(builder.gep(words, [ir.Constant(WORD, at)]))
