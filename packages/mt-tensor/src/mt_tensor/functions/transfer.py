"""Moving a tensor to another backend."""

from typing import TYPE_CHECKING, Any

from mt_autodiff import Context, Function

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.tensor import Tensor


class Transfer(Function):
    """Copy a tensor to a backend; its gradient is copied back."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, backend: "Backend") -> Any:
        """Copy through the host."""
        ctx.home = a.backend
        return _moved(a, backend)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Copy the gradient to where the input lives."""
        return _moved(grad_output, ctx.home)


def _moved(a: "Tensor", backend: "Backend") -> "Tensor":
    return type(a)(backend.from_array(a.backend.to_array(a.data)), backend)
