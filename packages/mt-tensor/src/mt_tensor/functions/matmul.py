r"""The matrix product, $c_{bij} = \sum_k a_{bik}\, b_{bkj}$."""

from typing import TYPE_CHECKING, Any

from mt_autodiff import Context, Function
from mt_tensor.dtypes import floating, promote
from mt_tensor.errors import ShapeError
from mt_tensor.layout import broadcast_shapes
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.base import TensorBase
    from mt_tensor.tensor import Tensor


class MatMul(Function):
    """Matrix product over the last two dimensions, batched over the others."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> Any:
        """Multiply, saving both factors."""
        ctx.save_for_backward(a, b)
        return multiply(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        r"""Return $G B^\top$ and $A^\top G$; the engine sums over broadcast batches."""
        a, b = ctx.saved_values
        need_a, need_b = ctx.needs_input_grad
        return (
            multiply(grad_output, b, turn_b=True) if need_a else None,
            multiply(a, grad_output, turn_a=True) if need_b else None,
        )


def check_matmul(a: "TensorBase", b: "TensorBase") -> None:
    """Refuse factors that do not fit.

    Raises:
        ShapeError: one is a single number, or the inner sizes differ.
    """
    if not a.shape or not b.shape:
        message = f"matmul: a is {a.shape} and b is {b.shape}; both need a dimension, use * instead"
        raise ShapeError(message)
    inner = b.shape[-2:][0]
    if a.shape[-1] != inner:
        where = "b.shape[-2]" if b.ndim > 1 else "b.shape[0]"
        mend = "; b.transpose(-1, -2) would fit" if b.shape[-1] == a.shape[-1] else ""
        message = (
            f"matmul: a is {a.shape} and b is {b.shape}; a.shape[-1] = {a.shape[-1]} must equal "
            f"{where} = {inner}{mend}"
        )
        raise ShapeError(message)


def multiply(a: "Tensor", b: "Tensor", *, turn_a: bool = False, turn_b: bool = False) -> "Tensor":
    """Multiply tensors of two or more dimensions whose inner sizes fit, without recording.

    Raises:
        ShapeError: the batch dimensions do not broadcast.
    """
    left, right = a.data, b.data
    dtype = floating(promote(left.storage.dtype, right.storage.dtype))
    if left.storage.dtype is not dtype or right.storage.dtype is not dtype:
        left, right = a.to(dtype).data, b.to(dtype).data
    if len(left.shape) > 2 or len(right.shape) > 2:  # noqa: PLR2004
        left, right = _batched(left, right)
    return a._new(a.backend.product(left, right, turn_a=turn_a, turn_b=turn_b))


def _batched(left: TensorData, right: TensorData) -> tuple[TensorData, TensorData]:
    """Stretch the batch dimensions of two factors to the same, by views."""
    rows, columns = left.shape[-2:], right.shape[-2:]
    name = f"matmul: a is {left.shape} and b is {right.shape}; the batches"
    batch = broadcast_shapes(name, left.shape[:-2], right.shape[:-2])
    return left.expand((*batch, *rows)), right.expand((*batch, *columns))
