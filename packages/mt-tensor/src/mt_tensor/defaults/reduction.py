"""The gradient of an extremum: elements that tie share it, as in `torch.amax`."""

from typing import TYPE_CHECKING

from mt_operators import add, div, mul
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


def extremum_by_input(
    backend: "Backend", out: TensorData, grad: TensorData, a: TensorData, best: TensorData
) -> None:
    """Divide each gradient by the number of elements that are extremal, and give them that."""
    backend.zip(_chosen, out, a, best.expand(a.shape))
    share = backend.allocate(grad.shape, out.dtype)
    backend.reduce(add, share, out)
    backend.zip(div, share, grad, share)
    backend.zip(mul, out, share.expand(out.shape), out)


def _chosen(x: float, best: float) -> float:
    return 1.0 if x == best else 0.0
