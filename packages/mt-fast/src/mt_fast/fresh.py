"""Kernels whose result is a new tensor: the calls that an eager step makes most.

The functions are the methods of the backend as they go the long way: by the defaults, which
allocate and call the kernel's own method. They return the kernels too that have made the result,
so that `mt_fast.memory` can start them when such a call is made again.
"""

from typing import Any

from mt_fast.kernels.recalling import RESULT
from mt_fast.memory import Launched, Made
from mt_fast.product import ready as product_ready
from mt_operators import Op, add
from mt_tensor.backend import Backend, ElementFn
from mt_tensor.tensor_data import TensorData


def elementwise(
    backend: Any, fn: ElementFn, a: TensorData, b: TensorData | None = None, *others: TensorData
) -> Made:
    """Return a new tensor of a function of operands.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    operands = (a,) if b is None else (a, b, *others)
    made = Backend.elementwise(backend, fn, a, b, *others)
    expanded = [a.expand(made.shape).strides for a in operands]
    ready = backend.kernels_of(fn).ready((made.shape, made.strides, *expanded))
    # Integers meet in the default dtype, which may be another one the next time.
    fixed = made.storage.dtype.kind == "b" or "f" in {a.storage.dtype.kind for a in operands}
    if ready is None or not fixed:
        return made, []
    return made, [Launched(ready[1], (RESULT, *range(1, 1 + len(operands))))]


def fold(backend: Any, op: Op, a: TensorData, axes: tuple[int, ...]) -> Made:
    """Return a new tensor: `a` folded along axes, which keep size 1."""
    made = Backend.fold(backend, op, a, axes)
    ready = backend.reduction_of(op).ready(made, a)
    return made, [] if ready is None else [Launched(ready[1], (RESULT, 1))]


def product(  # noqa: PLR0913  what a product is given
    backend: Any,
    a: TensorData,
    b: TensorData,
    bias: TensorData | None = None,
    *,
    turn_a: bool = False,
    turn_b: bool = False,
) -> Made:
    """Return a new tensor with the product of two factors, either transposed, plus a bias."""
    made = Backend.product(backend, a, b, bias, turn_a=turn_a, turn_b=turn_b)
    left, right = a.transpose() if turn_a else a, b.transpose() if turn_b else b
    ready, swapped = product_ready(made, left, right)
    if ready is None:
        return made, []
    launches = [Launched(ready[1], (RESULT, 1, 0) if swapped else (RESULT, 0, 1))]
    if bias is not None:
        steps = bias.expand(made.shape).strides
        shift = backend.kernels_of(add).ready((made.shape, made.strides, made.strides, steps))
        if shift is None:
            return made, []
        launches.append(Launched(shift[1], (RESULT, RESULT, 2)))
    return made, launches
