r"""The matrix product, $c_{bij} = \sum_k a_{bik}\, b_{bkj}$."""

from typing import TYPE_CHECKING, Any, TypeVar

from mt_tensor.defaults.elementwise import copied
from mt_tensor.dtypes import floating, promote
from mt_tensor.errors import ShapeError
from mt_tensor.functions.rule import DataRule, Shares, recorded
from mt_tensor.layout import broadcast_shapes
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase

T = TypeVar("T", bound="TensorBase")


class MatMul(DataRule):
    """Matrix product over the last two dimensions, batched over the others."""

    __name__ = "MatMul"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        r"""Give $G B^\top$ and $A^\top G$; a node sums over the batches that were broadcast."""
        (a, b), (x, y) = inputs, saved
        shares = []
        if a.history is not None:
            shares.append((a, _product(backend, grad, y, turn_b=True)))
        if b.history is not None:
            shares.append((b, _product(backend, x, grad, turn_a=True)))
        return shares


MATMUL = MatMul()


def matmul(a: T, b: T) -> T:
    """Multiply tensors of two or more dimensions whose inner sizes fit, and record it.

    Raises:
        ShapeError: the batch dimensions do not broadcast.
    """
    x, y = a.data, b.data
    return recorded(MATMUL, _product(a.backend, x, y), (a, b), (x, y))


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


def _product(
    backend: "Backend",
    x: TensorData,
    y: TensorData,
    *,
    turn_a: bool = False,
    turn_b: bool = False,
) -> TensorData:
    dtype = x.storage.dtype
    if y.storage.dtype is not dtype or dtype.kind != "f":
        dtype = floating(promote(dtype, y.storage.dtype))
        x, y = (a if a.storage.dtype is dtype else copied(backend, a, dtype) for a in (x, y))
    if len(x.shape) > 2 or len(y.shape) > 2:  # noqa: PLR2004
        x, y = _batched(x, y)
    return backend.product(x, y, turn_a=turn_a, turn_b=turn_b)


def _batched(left: TensorData, right: TensorData) -> tuple[TensorData, TensorData]:
    """Stretch the batch dimensions of two factors to the same, by views."""
    rows, columns = left.shape[-2:], right.shape[-2:]
    name = f"matmul: a is {left.shape} and b is {right.shape}; the batches"
    batch = broadcast_shapes(name, left.shape[:-2], right.shape[:-2])
    return left.expand((*batch, *rows)), right.expand((*batch, *columns))
