"""`avg_pool2d` and `max_pool2d`, and their gradients."""

from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Entry, Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.kernels import pooling as kernels
from mt_fast.kernels.vectors import lanes_of
from mt_fast.launching import PARALLEL_SIZE, entry, run_parallel
from mt_fast.threads import get_num_threads
from mt_tensor.backend import Pair
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData

Window = tuple[Pair, Pair]
"""The size of windows, and how far they are apart."""


class Plan(NamedTuple):
    """The loops over one combination of layouts.

    Attributes:
        layout: as `mt_fast.kernels.pooling` reads it.
        units: how many units of work there are.
        parallel: whether they are worth several threads.
    """

    layout: np.ndarray[Any, Any]
    units: int
    parallel: bool


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
    images, pooled, *_ = described
    how = _plan((images.shape, pooled.shape), tuple([each.strides for each in described]))
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    start, (address, _) = _kernel(name, storages[0].dtype, window)
    if how.parallel and (threads := get_num_threads()) > 1:
        run_parallel(address, storages, offsets, how.layout, how.units, -(-how.units // threads))
    else:
        start(address, storages, offsets, how.layout, how.units)


@lru_cache(maxsize=1024)
def _plan(shapes: tuple[Shape, Shape], strides: tuple[Strides, ...]) -> Plan:
    """Plan for images and pooled images, in this order."""
    (n, c, *image), (_, _, *pooled) = shapes
    words = [*image, *pooled, c, *[step for each in strides for step in each]]
    parallel = n * c > 1 and prod(shapes[0]) >= PARALLEL_SIZE
    return Plan(np.array(words, np.int64), n * c, parallel)


@cache
def _kernel(name: str, dtype: DType, window: Window) -> tuple[Entry, Kernel]:
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
        "APART": kw <= right <= room,
        "ROOM": room,
    }
    bindings = bind_helpers(dict(constants), *_HELPERS)
    kernel = compile_kernel(getattr(kernels, name), bindings, str(constants))
    return entry(count, *[dtype] * count), kernel


_HELPERS = (kernels.channel_at, kernels.clear, kernels.fill_shares, kernels.first_maximum)
