"""A function of operands as a new tensor: `allocate`, then `map` for one, `zip` for several.

The operands get one shape by views of stride 0, so a kernel never thinks of broadcasting. The
result has the dtype in which the operands meet; the result of a predicate is `bool`.
"""

from functools import reduce
from typing import TYPE_CHECKING

from mt_operators import identity
from mt_tensor.dtypes import DType, bool_, floating, promote
from mt_tensor.layout import broadcast_shapes
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend, ElementFn


def elementwise(backend: "Backend", fn: "ElementFn", *operands: TensorData) -> TensorData:
    """Return a new tensor of a function of operands.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    first, *others = operands
    shape, meet = first.shape, first.storage.dtype
    for other in others:
        if other.shape != shape or other.storage.dtype is not meet:
            shape = broadcast_shapes(fn.__name__, *[a.shape for a in operands])  # type: ignore[union-attr]  # an Op has that of its function
            meet = reduce(promote, [a.storage.dtype for a in operands])
            operands = tuple([a.expand(shape) for a in operands])
            break
    dtype = bool_ if getattr(fn, "predicate", False) else floating(meet)
    out = backend.allocate(shape, dtype)
    if others:
        backend.zip(fn, out, *operands)
    else:
        backend.map(fn, out, *operands)
    return out


def copied(backend: "Backend", a: TensorData, dtype: DType) -> TensorData:
    """Return the elements in a dtype, in row-major order, in storage of their own."""
    out = backend.allocate(a.shape, dtype)
    backend.map(identity, out, a)
    return out
