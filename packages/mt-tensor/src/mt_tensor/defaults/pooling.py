"""Pooling: a reduction over every window of the images.

Windows may overlap, and what does not fill a window is left out, as in PyTorch. Backwards, the
gradient of a window goes to its elements tap by tap, so that no kernel writes where it overlaps
itself.
"""

import math
from typing import TYPE_CHECKING

from mt_operators import Op, add, div, maximum, sub
from mt_tensor.defaults.windows import clear, constant, taps, windows
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend, Pair


def avg_pool2d(
    backend: "Backend", out: TensorData, x: TensorData, kernel: "Pair", stride: "Pair"
) -> None:
    """Average over windows: `x` is (N, C, H, W), `out` is (N, C, OH, OW)."""
    _reduce(backend, add, out, x, kernel, stride)
    _divide(backend, out, out, kernel)


def avg_pool2d_by_input(
    backend: "Backend", out: TensorData, grad: TensorData, kernel: "Pair", stride: "Pair"
) -> None:
    """Give each element of a window an equal share of the gradient of the window."""
    share = backend.allocate(grad.shape, out.dtype)
    _divide(backend, share, grad, kernel)
    clear(backend, out)
    for tap in taps(windows(out, kernel, stride)):
        backend.zip(add, tap, tap, share)


def max_pool2d(
    backend: "Backend", out: TensorData, x: TensorData, kernel: "Pair", stride: "Pair"
) -> None:
    """Take the maximum over windows, nan if there is one; shapes as in `avg_pool2d`."""
    _reduce(backend, maximum, out, x, kernel, stride)


def max_pool2d_by_input(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: "Backend",
    out: TensorData,
    grad: TensorData,
    x: TensorData,
    kernel: "Pair",
    stride: "Pair",
) -> None:
    """Give the gradient of a window to its first maximum in row-major order."""
    best = backend.allocate(grad.shape, x.dtype)
    max_pool2d(backend, best, x, kernel, stride)
    free = backend.full(grad.shape, 1.0, out.dtype)
    taken, share = (backend.allocate(grad.shape, out.dtype) for _ in range(2))
    clear(backend, out)
    sources, targets = (taps(windows(image, kernel, stride)) for image in (x, out))
    for source, target in zip(sources, targets, strict=True):
        backend.zip(_take, taken, source, best, free)
        backend.zip(sub, free, free, taken)
        backend.zip(_where, share, taken, grad)
        backend.zip(add, target, target, share)


def _take(x: float, best: float, free: float) -> float:
    return free if x == best or math.isnan(x) else 0.0


def _where(taken: float, grad: float) -> float:
    return grad if taken > 0.0 else 0.0


def _reduce(  # noqa: PLR0913, PLR0917  a reduction of the backend, with its windows
    backend: "Backend", op: Op, out: TensorData, x: TensorData, kernel: "Pair", stride: "Pair"
) -> None:
    view = windows(x, kernel, stride)
    kept = out.restrided((*out.shape, 1, 1), (*out.strides, 1, 1))
    backend.reduce(op, kept, view)


def _divide(backend: "Backend", out: TensorData, a: TensorData, kernel: "Pair") -> None:
    area = constant(backend, float(kernel[0] * kernel[1]), out.shape, out.dtype)
    backend.zip(div, out, a, area)
