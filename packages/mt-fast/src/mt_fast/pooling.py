"""`avg_pool2d` and `max_pool2d`, and their gradients."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.kernels import pooling as kernels
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.launching import PARALLEL_SIZE, Prepared, Work
from mt_fast.threads import get_num_threads
from mt_tensor.backend import Pair
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

Window = tuple[Pair, Pair]
"""The size of windows, and how far they are apart."""


def avg_pool2d(out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
    """Average over windows: `x` is (N, C, H, W), `out` is (N, C, OH, OW)."""
    _launch("average", (out, x), (x, out), (kernel, stride))


def avg_pool2d_by_input(out: TensorData, grad: TensorData, kernel: Pair, stride: Pair) -> None:
    """Give each element of a window an equal share of its gradient."""
    _launch("average_gradient", (out, grad), (out, grad), (kernel, stride))


def max_pool2d(out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
    """Take the maximum over windows; a nan in a window is its maximum."""
    _launch("maximum", (out, x), (x, out), (kernel, stride))


def max_pool2d_by_input(
    out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
) -> None:
    """Give the gradient of a window to its first maximum in row-major order."""
    _launch("maximum_gradient", (out, grad, x), (x, grad, out), (kernel, stride))


def _launch(
    name: str,
    tensors: tuple[TensorData, ...],
    described: tuple[TensorData, ...],
    window: Window,
) -> None:
    """Run a kernel over tensors; `described` are the images, the pooled images, then others."""
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    images, pooled = described[:2]
    key = name, window, images.shape, pooled.shape, *[each.strides for each in described]
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, storages[0].dtype, window)
        _prepared.launch(key, _work(kernel, described), storages, offsets)


def _work(kernel: Kernel, described: tuple[TensorData, ...]) -> Work:
    """Describe the loops over images, pooled images, and others, in this order."""
    (n, c, *image), (_, _, *pooled) = described[0].shape, described[1].shape
    words = [*image, *pooled, c, *[step for each in described for step in each.strides]]
    units = n * c
    large = units > 1 and described[0].size >= PARALLEL_SIZE
    chunk = -(-units // get_num_threads()) if large else 0
    return Work(kernel, np.array(words, np.int64), units, chunk)


@cache
def _kernel(name: str, dtype: DType, window: Window) -> Kernel:
    count = 3 if name == "maximum_gradient" else 2
    (kh, kw), (down, right) = window
    room = 2 * lanes_of(dtype.itemsize * 8).count
    constants: dict[str, Any] = {
        "ALL": element_types(*[dtype] * count),
        "number": numba.from_dtype(dtype),
        "KH": kh,
        "KW": kw,
        "DOWN": down,
        "RIGHT": right,
        "APART": kh <= down and kw <= right <= room,
    }
    bindings = bind_helpers(dict(constants), *_HELPERS)
    return compile_kernel(getattr(kernels, name), bindings, str(constants))


_HELPERS = (
    kernels.channel_at,
    kernels.clear,
    kernels.window_sum,
    kernels.lay_windows,
    kernels.add_windows,
    kernels.first_maximum,
)
_prepared = Prepared()
