r"""Folding a tensor along some of its dimensions.

A fold keeps every dimension: a folded one has size 1, so that the result broadcasts against its
input. Where they are to go, the same elements are read with another shape (`Folding`).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mt_autodiff import Context, Function
from mt_operators import Op, add, div, eq, identity, maximum, mul
from mt_tensor.defaults.reduction import kept_shape
from mt_tensor.defaults.windows import reshaped
from mt_tensor.functions.rule import DataRule, Shares, recorded
from mt_tensor.layout import (
    Shape,
    Strides,
    broadcast_strides,
    contiguous_strides,
    normalize_axes,
    shared,
)
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase
    from mt_tensor.tensor import Tensor

Axes = tuple[int, ...]
Dims = int | Sequence[int] | None
T = TypeVar("T", bound="TensorBase")


class Sum(DataRule):
    """A sum over axes; its gradient is spread back over them."""

    __name__ = "Sum"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Read each gradient once for each element that was summed: a view of stride 0."""
        (how,) = saved
        if grad.strides != how.strides:
            grad = backend.elementwise(identity, grad)
        return [(inputs[0], grad.restrided(how.given, how.spread))]


SUM = Sum()


class Mean(DataRule):
    """An average over axes; its gradient is spread back over them, divided by their number."""

    __name__ = "Mean"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Read each share once for each element that was averaged: a view of stride 0."""
        how, count = saved
        share = backend.elementwise(div, grad, count)
        return [(inputs[0], share.restrided(how.given, how.spread))]


MEAN = Mean()


class Folding(NamedTuple):
    """What a fold makes of a shape.

    Attributes:
        axes: along which it folds, ascending.
        given: the shape of what is folded.
        shape, strides: of the result, which keeps the axes with size 1 or drops them.
        spread: the strides that read a result once for each element that was folded to it.
        number: how many those are.
    """

    axes: Axes
    given: Shape
    shape: Shape
    strides: Strides
    spread: Strides
    number: float


def folding(name: str, given: Shape, dim: Dims, keepdim: bool) -> Folding:  # noqa: FBT001
    """Describe a fold of what has the shape `given`.

    Args:
        name: of the function, for errors.
        given: the shape of what is folded.
        dim: one dimension or several; None for all.
        keepdim: keep size 1 in place of each; over all dimensions the result has shape (1,).

    Raises:
        ShapeError: a dimension is out of range or named twice.
    """
    axes = normalize_axes(name, dim, len(given))
    kept = kept_shape(given, axes)
    shape = (1,) if dim is None else kept
    if not keepdim:
        shape = tuple([n for d, n in enumerate(given) if d not in axes])
    spread = broadcast_strides(kept, contiguous_strides(kept), given)
    number = float(prod([given[d] for d in axes]))
    return Folding(axes, shared(given), shared(shape), contiguous_strides(shape), spread, number)


known_folding = lru_cache(maxsize=1024)(folding)
"""The same, remembered; for a dimension that is None or an int, and not merely equal to one."""


def total(a: T, how: Folding) -> T:
    """Sum, and record it."""
    sums = a.backend.fold(add, a.data, how.axes)
    return recorded(SUM, sums.restrided(how.shape, how.strides), (a,), (how,))


def mean(a: T, how: Folding) -> T:
    """Average, and record it."""
    count = a._number(how.number)
    means = a.backend.elementwise(div, a.backend.fold(add, a.data, how.axes), count)
    return recorded(MEAN, means.restrided(how.shape, how.strides), (a,), (how, count))


class Extremum(Function):
    """Maximum or minimum over axes; elements that tie share its gradient, as `torch.amax`."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, axes: Axes, shape: Shape, op: Op = maximum) -> Any:
        """Return the extrema, as `shape`: size 1 along `axes`, or without them."""
        kept = fold(op, a, axes)
        ctx.save_for_backward(a, kept)
        ctx.axes, ctx.op = axes, op
        return kept._new(kept.data.restrided(shape, contiguous_strides(shape)))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Give each extremal element its share."""
        a, best = ctx.saved_values
        out = a.backend.allocate(a.shape, grad_output.dtype)
        grad = reshaped(grad_output.data, best.shape)
        a.backend.extremum_by_input(out, grad, a.data, best.data)
        return a._new(out)


class Prod(Function):
    r"""Product over axes, with $\partial p/\partial x_i = \prod_{j\ne i} x_j$, zeros included."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, axes: Axes) -> Any:
        """Return the products, with size 1 along `axes`."""
        result = fold(mul, a, axes)
        ctx.save_for_backward(a, result)
        ctx.axes = axes
        return result

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Divide the product by each factor; where there is a zero, multiply the others."""
        a, result = ctx.saved_values
        zeros = eq(a, 0.0).to(a.dtype)
        count = fold(add, zeros, ctx.axes)
        others = fold(mul, a + zeros, ctx.axes)
        without_zero = eq(count, 0.0).to(a.dtype) * (1.0 - zeros)
        only_zero = eq(count, 1.0).to(a.dtype) * zeros
        return grad_output * (without_zero * result / (a + zeros) + only_zero * others)


class CumSum(Function):
    """Running sums along an axis; its adjoint runs from the other end."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, axis: int) -> Any:
        """Return the sums."""
        ctx.axis = axis
        return running_sum(a, axis)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Sum each gradient with those behind it."""
        return running_sum(grad_output.flip(ctx.axis), ctx.axis).flip(ctx.axis)


def running_sum(a: "Tensor", axis: int) -> "Tensor":
    """Return running sums by doubling: after step k each element holds the 2^k up to it.

    Source: W. D. Hillis and G. L. Steele, "Data parallel algorithms", CACM 29 (1986).
    """
    n, reach = a.shape[axis], 1
    total = a.clone()
    while reach < n:
        before, total = total, total.clone()
        part = total.narrow(axis, reach, n - reach)
        part.add_(before.narrow(axis, 0, n - reach))
        reach *= 2
    return total


def fold(op: Op, a: T, axes: Axes) -> T:
    """Fold a tensor with an operator along axes, without recording.

    Args:
        op: an operator of two inputs with a unit.
        a: any shape.
        axes: ascending axes of it; none copies.

    Returns:
        The same number of dimensions, with size 1 along `axes`.
    """
    return a._new(a.backend.fold(op, a.data, axes))
