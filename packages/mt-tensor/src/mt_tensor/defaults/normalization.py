r"""Softmax in logarithms, from a maximum, an exponential and a sum.

$y_i = x_i - m - \ln \sum_j e^{x_j - m}$ with $m = \max_j x_j$, so that no exponential overflows
and the sum is at least 1. Backwards, $\bar x_i = \bar y_i - e^{y_i} \sum_j \bar y_j$.
"""

from typing import TYPE_CHECKING

from mt_operators import Op, add, exp, log, maximum, mul, sub
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


def log_softmax(backend: "Backend", out: TensorData, x: TensorData, axis: int) -> None:
    """Normalise the exponentials of `x` along `axis`, and take the logarithm; in five passes."""
    backend.zip(sub, out, x, _folded(backend, maximum, x, axis).expand(x.shape))
    powers = backend.allocate(out.shape, out.dtype)
    backend.map(exp, powers, out)
    total = _folded(backend, add, powers, axis)
    backend.map(log, total, total)
    backend.zip(sub, out, out, total.expand(out.shape))


def log_softmax_by_input(
    backend: "Backend", out: TensorData, grad: TensorData, y: TensorData, axis: int
) -> None:
    """Pull `grad` back through `log_softmax`, of which `y` is the result."""
    total = _folded(backend, add, grad, axis)
    share = backend.allocate(y.shape, y.dtype)
    backend.map(exp, share, y)
    backend.zip(mul, share, share, total.expand(y.shape))
    backend.zip(sub, out, grad, share)


def _folded(backend: "Backend", op: Op, a: TensorData, axis: int) -> TensorData:
    shape = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    out = backend.allocate(shape, a.dtype)
    backend.reduce(op, out, a)
    return out
