"""Reading what an operator takes: one element, or four, of each of its operands.

Operands may differ in dtype and layout, so they travel as tuples. A loop over a tuple is a
recursion when the function is made, not when it runs.
"""

from typing import Any

from mt_cuda.device import inline
from mt_cuda.intrinsics import load4


def reader(arity: int, locate: Any, convert: Any) -> Any:
    """Make a function that returns the element of each operand at an index.

    Args:
        arity: how many operands there are.
        locate: turns an index and strides into a position.
        convert: makes the type to compute in.
    """
    if arity == 0:
        return inline(lambda _operands, _strides, _index: ())
    rest = reader(arity - 1, locate, convert)

    @inline
    def read(operands: Any, strides: Any, index: Any) -> Any:
        first = convert(operands[0][locate(index, strides[0])])
        return (first, *rest(operands[1:], strides[1:], index))

    return read


def vector_reader(dense: tuple[bool, ...], locate: Any, convert: Any) -> Any:
    """Make a function that returns four elements of each operand: those from an index on.

    Args:
        dense: for each operand, whether the four are neighbours; if not, they are one and the same.
        locate: turns an index and strides into a position.
        convert: makes the type to compute in.
    """
    if not dense:
        return inline(lambda _operands, _strides, _index: ())
    rest = vector_reader(dense[1:], locate, convert)
    load = load4 if dense[0] else repeat4

    @inline
    def read(operands: Any, strides: Any, index: Any) -> Any:
        a, b, c, d = load(operands[0], locate(index, strides[0]))
        first = (convert(a), convert(b), convert(c), convert(d))
        return (first, *rest(operands[1:], strides[1:], index))

    return read


@inline
def repeat4(source: Any, position: Any) -> Any:
    """Return one element four times."""
    x = source[position]
    return x, x, x, x


def picker(arity: int, lane: int) -> Any:
    """Make a function that returns one lane of the vectors of all operands."""
    if arity == 0:
        return inline(lambda _vectors: ())
    rest = picker(arity - 1, lane)

    @inline
    def pick(vectors: Any) -> Any:
        return (vectors[0][lane], *rest(vectors[1:]))

    return pick
