"""Kernels whose result is a new tensor: the calls that an eager step makes most.

For operands of known shapes and strides it is all prepared: the kernel, its layout, the size of the
result. What is left to do is one look-up, one allocation and one start, in one function: a Python
call costs as much as the addition of a thousand numbers.

The functions are methods of the backend. What they have not met yet is left to the defaults, which
allocate and call the kernel's own method; that prepares it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mt_fast.launching import REMEMBERED, Started
from mt_fast.product import ready as product_ready
from mt_operators import Op, add
from mt_tensor.backend import Backend, ElementFn
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData, dense


class Fresh(NamedTuple):
    """What is prepared for operands of one combination of layouts.

    Attributes:
        start: starts the kernel on this thread, if the dtypes are those of `words`.
        words: the kernel and its layout.
        take: allocates a storage of so many elements.
        size, dtype: of the storage of the result.
        shape, strides: of the result.
    """

    start: Callable[..., Any]
    words: np.ndarray[Any, Any]
    take: Callable[[int, DType], Any]
    size: int
    dtype: DType
    shape: Shape
    strides: Strides


Product = tuple[Fresh, bool, Started | None]
"""What is prepared, whether the factors change places, and what starts the sum with a bias."""


class Tables:
    """What is prepared, by the layouts of the operands.

    Attributes:
        elementwise: by the `id` of a function, too.
        folds: by the `id` of an operator and the axes, too.
        products: by the layout of the bias and by which factor is transposed, too.
    """

    __slots__ = ("elementwise", "folds", "products")

    def __init__(self) -> None:
        """Know nothing yet."""
        self.elementwise: dict[tuple[Any, ...], Fresh] = {}
        self.folds: dict[tuple[Any, ...], Fresh] = {}
        self.products: dict[tuple[Any, ...], Product] = {}


def elementwise(  # noqa: C901  written out for one, two and three operands, for speed
    self: Any, fn: ElementFn, a: TensorData, b: TensorData | None = None, *others: TensorData
) -> TensorData:
    """Return a new tensor of a function of operands.

    Raises:
        ShapeError: the shapes do not broadcast.
    """
    if b is None:
        known = self.fresh.elementwise.get((id(fn), a.shape, a.strides))
        if known is not None:
            start, words, take, size, dtype, shape, strides = known
            storage = take(size, dtype)
            if start(words, storage, a.storage, 0, a.offset):
                return dense(storage, shape, strides)
    elif not others:
        known = self.fresh.elementwise.get((id(fn), a.shape, a.strides, b.shape, b.strides))
        if known is not None:
            start, words, take, size, dtype, shape, strides = known
            storage = take(size, dtype)
            if start(words, storage, a.storage, b.storage, 0, a.offset, b.offset):
                return dense(storage, shape, strides)
    elif len(others) == 1:
        (c,) = others
        key = id(fn), a.shape, a.strides, b.shape, b.strides, c.shape, c.strides
        known = self.fresh.elementwise.get(key)
        if known is not None:
            start, words, take, size, dtype, shape, strides = known
            storage, i, j, k = take(size, dtype), a.offset, b.offset, c.offset
            if start(words, storage, a.storage, b.storage, c.storage, 0, i, j, k):
                return dense(storage, shape, strides)
    operands = (a,) if b is None else (a, b, *others)
    made = Backend.elementwise(self, fn, a, b, *others)
    expanded = [a.expand(made.shape).strides for a in operands]
    ready = self.kernels_of(fn).ready((made.shape, made.strides, *expanded))
    # Integers meet in the default dtype, which may be another one the next time.
    fixed = made.storage.dtype.kind == "b" or "f" in {a.storage.dtype.kind for a in operands}
    if ready is not None and fixed:
        layouts = [part for a in operands for part in (a.shape, a.strides)]
        _keep(self.fresh.elementwise, (id(fn), *layouts), _fresh(self, ready, made))
    return made


def fold(self: Any, op: Op, a: TensorData, axes: tuple[int, ...]) -> TensorData:
    """Return a new tensor: `a` folded along axes, which keep size 1."""
    key = id(op), a.shape, a.strides, axes
    known = self.fresh.folds.get(key)
    if known is not None:
        start, words, take, size, dtype, shape, strides = known
        storage = take(size, dtype)
        if start(words, storage, a.storage, 0, a.offset):
            return dense(storage, shape, strides)
    made = Backend.fold(self, op, a, axes)
    ready = self.reduction_of(op).ready(made, a)
    if ready is not None:
        _keep(self.fresh.folds, key, _fresh(self, ready, made))
    return made


def product(  # noqa: PLR0913  what a product is given
    self: Any,
    a: TensorData,
    b: TensorData,
    bias: TensorData | None = None,
    *,
    turn_a: bool = False,
    turn_b: bool = False,
) -> TensorData:
    """Return a new tensor with the product of two factors, either transposed, plus a bias."""
    offset = None if bias is None else (bias.shape, bias.strides)
    key = a.shape, a.strides, b.shape, b.strides, turn_a, turn_b, offset
    known = self.fresh.products.get(key)
    if known is not None:
        (start, words, take, size, dtype, shape, strides), swapped, shift = known
        storage = take(size, dtype)
        x, y = (b, a) if swapped else (a, b)
        if start(words, storage, x.storage, y.storage, 0, x.offset, y.offset):
            if bias is None:
                return dense(storage, shape, strides)
            start, words = shift
            if start(words, storage, storage, bias.storage, 0, 0, bias.offset):
                return dense(storage, shape, strides)
    made = Backend.product(self, a, b, bias, turn_a=turn_a, turn_b=turn_b)
    left, right = a.transpose() if turn_a else a, b.transpose() if turn_b else b
    ready, swapped = product_ready(made, left, right)
    shift = None
    if bias is not None:
        steps = bias.expand(made.shape).strides
        shift = self.kernels_of(add).ready((made.shape, made.strides, made.strides, steps))
    if ready is not None and (bias is None or shift is not None):
        _keep(self.fresh.products, key, (_fresh(self, ready, made), swapped, shift))
    return made


def _fresh(backend: Any, ready: Started, made: TensorData) -> Fresh:
    start, words = ready
    take = backend.pool.taker(made.storage.nbytes)
    return Fresh(
        start, words, take, len(made.storage), made.storage.dtype, made.shape, made.strides
    )


def _keep(table: dict[tuple[Any, ...], Any], key: tuple[Any, ...], known: Any) -> None:
    if len(table) >= REMEMBERED:
        table.clear()
    table[key] = known
