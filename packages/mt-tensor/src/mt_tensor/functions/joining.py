"""Joining tensors along a dimension."""

from typing import TYPE_CHECKING, Any

from mt_autodiff import Context, Function
from mt_operators import identity

if TYPE_CHECKING:
    from mt_tensor.tensor import Tensor


class Cat(Function):
    """Copy tensors one after another along an axis; its adjoint takes them apart, as views."""

    @staticmethod
    def forward(ctx: Context, *tensors: "Tensor", axis: int) -> Any:
        """Return one tensor; all have the same dtype, and the same shape but for `axis`."""
        first = tensors[0]
        ctx.axis = axis
        ctx.lengths = [t.shape[axis] for t in tensors]
        shape = (*first.shape[:axis], sum(ctx.lengths), *first.shape[axis + 1 :])
        out = first.backend.allocate(shape, first.dtype)
        start = 0
        for t, length in zip(tensors, ctx.lengths, strict=True):
            first.backend.map(identity, out.narrow(axis, start, length), t.data)
            start += length
        return first._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Return the part of the gradient that belongs to each tensor."""
        parts, start = [], 0
        for length in ctx.lengths:
            parts.append(grad_output._new(grad_output.data.narrow(ctx.axis, start, length)))
            start += length
        return tuple(parts)
