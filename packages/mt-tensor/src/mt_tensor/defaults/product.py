"""A matrix product as a new tensor: `allocate`, then `matmul`, and `zip` for what is added."""

from typing import TYPE_CHECKING

from mt_operators import add
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


def product(  # noqa: PLR0913, PLR0917  what a product is given
    backend: "Backend",
    a: TensorData,
    b: TensorData,
    bias: TensorData | None,
    turn_a: bool,  # noqa: FBT001
    turn_b: bool,  # noqa: FBT001
) -> TensorData:
    """Return a new tensor with the product of two factors, either of them transposed."""
    left = a.transpose() if turn_a else a
    right = b.transpose() if turn_b else b
    out = backend.allocate((*left.shape[:-1], right.shape[-1]), a.storage.dtype)
    backend.matmul(out, left, right)
    if bias is not None:
        backend.zip(add, out, out, bias.expand(out.shape))
    return out
