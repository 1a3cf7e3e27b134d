"""Surrounding a tensor with a constant."""

from typing import TYPE_CHECKING, Any

from mt_autodiff import Context, Function
from mt_operators import identity
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.tensor import Tensor

Widths = tuple[tuple[int, int], ...]


class Pad(Function):
    """Copy a tensor into the middle of a larger one; its adjoint reads the middle, a view."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, widths: Widths, value: float) -> Any:
        """Put `widths[d]` = (before, after) entries of `value` around dimension `d`."""
        ctx.inside = a.shape
        ctx.widths, ctx.value = widths, value
        shape = tuple(b + n + e for n, (b, e) in zip(a.shape, widths, strict=True))
        out = a.backend.full(shape, value, a.dtype)
        a.backend.map(identity, _inside(out, ctx), a.data)
        return a._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Return the gradient of what is not padding."""
        return grad_output._new(_inside(grad_output.data, ctx))


def _inside(data: TensorData, ctx: Context) -> TensorData:
    for d, (n, (before, _)) in enumerate(zip(ctx.inside, ctx.widths, strict=True)):
        data = data.narrow(d, before, n)
    return data
