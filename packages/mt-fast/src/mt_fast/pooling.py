"""`avg_pool2d` and `max_pool2d`, and their gradients."""

from functools import cache
from math import prod
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Entry, Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.kernels import pooling as kernels
from mt_fast.launching import PARALLEL_SIZE, entry, run_parallel
from mt_fast.threads import get_num_threads
from mt_tensor.backend import Pair
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData


def avg_pool2d(out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
    """Average over windows: `x` is (N, C, H, W), `out` is (N, C, OH, OW)."""
    _launch("average", (out, x), (x, out), kernel, stride)


def avg_pool2d_by_input(out: TensorData, grad: TensorData, kernel: Pair, stride: Pair) -> None:
    """Give each element of a window an equal share of its gradient."""
    _launch("average_gradient", (out, grad), (out, grad), kernel, stride)


def max_pool2d(out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
    """Take the maximum over windows; a nan in a window is its maximum."""
    _launch("maximum", (out, x), (x, out), kernel, stride)


def max_pool2d_by_input(
    out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
) -> None:
    """Give the gradient of a window to its first maximum in row-major order."""
    _launch("maximum_gradient", (out, grad, x), (x, grad, out), kernel, stride)


def _launch(
    name: str,
    tensors: tuple[TensorData, ...],
    described: tuple[TensorData, ...],
    kernel: Pair,
    stride: Pair,
) -> None:
    """Run a kernel over tensors; `described` are the images, the pooled images, then others."""
    images, pooled = described[:2]
    n, c, *image = images.shape
    words = [*image, *pooled.shape[2:], *kernel, *stride, c]
    words += [stride for tensor in described for stride in tensor.strides]
    storages = tuple(t.storage for t in tensors)
    offsets = tuple(t.offset for t in tensors)
    start, (address, _) = _kernel(name, storages[0].dtype)
    layout, units, threads = np.array(words, np.int64), n * c, get_num_threads()
    if threads == 1 or units == 1 or prod(images.shape) < PARALLEL_SIZE:
        start(address, storages, offsets, layout, units)
    else:
        run_parallel(address, storages, offsets, layout, units, -(-units // threads))


@cache
def _kernel(name: str, dtype: DType) -> tuple[Entry, Kernel]:
    count = 3 if name == "maximum_gradient" else 2
    constants: dict[str, Any] = {
        "ALL": element_types(*[dtype] * count),
        "number": numba.from_dtype(dtype),
    }
    bindings = bind_helpers(
        dict(constants), kernels.channel_at, kernels.add_line, kernels.first_maximum
    )
    kernel = compile_kernel(getattr(kernels, name), bindings, str(constants))
    return entry(count, *[dtype] * count), kernel
