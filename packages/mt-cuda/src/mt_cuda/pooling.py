"""Pooling: one launch for each direction, with a thread for each element of the result."""

from typing import Any

from mt_cuda.device import BLOCK, ceil_div
from mt_cuda.kernels import pooling as kernels
from mt_cuda.launchers import Launchers
from mt_cuda.plan import divisible
from mt_tensor.tensor_data import TensorData

Pair = tuple[int, int]


def avg_pool2d(
    launchers: Launchers, out: TensorData, x: TensorData, kernel: Pair, stride: Pair
) -> None:
    """Average over windows."""
    _run(launchers, kernels.average, (out, x), kernels.Window(kernel, stride))


def avg_pool2d_by_input(
    launchers: Launchers, out: TensorData, grad: TensorData, kernel: Pair, stride: Pair
) -> None:
    """Pull a gradient back through `avg_pool2d`."""
    window = kernels.Window(kernel, stride)
    _run(launchers, kernels.average_by_input, (out, grad), window, grad.shape[2:])


def max_pool2d(
    launchers: Launchers, out: TensorData, x: TensorData, kernel: Pair, stride: Pair
) -> None:
    """Take the maximum over windows."""
    _run(launchers, kernels.maximum, (out, x), kernels.Window(kernel, stride))


def max_pool2d_by_input(
    launchers: Launchers, out: TensorData, grad: TensorData, x: TensorData, window: kernels.Window
) -> None:
    """Pull a gradient back through `max_pool2d` to the first maximum of each window."""
    _run(launchers, kernels.maximum_by_input, (out, grad, x), window, grad.shape[2:])


def _run(
    launchers: Launchers,
    make: Any,
    tensors: tuple[TensorData, ...],
    window: kernels.Window,
    *windows: tuple[int, ...],
) -> None:
    out = tensors[0]
    if out.size:
        launcher = launchers.find(make, out.dtype, window)
        sizes, strides = divisible(out.shape), tuple(t.strides for t in tensors)
        grid = (ceil_div(sizes.total, BLOCK), 1, 1)
        launchers.run(launcher, grid, tensors, strides, sizes[:3], sizes.total, *windows)
