"""Convolution: directly where kernels are small, else by the matrix product of the default.

Directly, every number that is loaded is used for a few multiplications; a matrix product uses it
for many, but copies all windows first. With `MOST_TAPS` weights of an output that begins to pay.
"""

from math import prod

from mt_cuda.device import BLOCK, SIMULATED, Launcher, ceil_div
from mt_cuda.kernels import convolution as kernels
from mt_cuda.kernels.convolution import GROUP, Filter
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.launchers import Launchers
from mt_cuda.plan import divisible
from mt_cuda.reduction import Reduction
from mt_cuda.storage import Storage
from mt_operators import add
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import TensorData

MOST_TAPS = 256
"""Weights of one output, C KH KW, up to which the direct kernels are used."""

MOST_PLACES = 32
"""Places in a window, KH KW, for each of which a thread keeps a total."""

ENOUGH_BLOCKS = 8 if SIMULATED else 264
"""Blocks that keep a GPU busy: two for each of 132 multiprocessors."""

LEAST_PIXELS = 16 if SIMULATED else 2048
"""Pixels that a block sums over at least, where weights are summed in parts."""


def is_direct(out: TensorData, weight: TensorData) -> bool:
    """Whether the direct kernels take a convolution: its weights, and the images it fills."""
    places = prod(weight.shape[2:])
    return prod(weight.shape[1:]) <= MOST_TAPS and places <= MOST_PLACES and out.size < LIMIT


def conv2d(
    launchers: Launchers, out: TensorData, x: TensorData, weight: TensorData, shape: Filter
) -> None:
    """Correlate images with kernels."""
    if out.size:
        channels, depth = weight.shape[:2]
        launcher = launchers.find(kernels.forward, out.dtype, shape)
        _run_pixels(launchers, launcher, (out, x, weight), (channels, depth, *x.shape[2:]))


def conv2d_by_input(
    launchers: Launchers, out: TensorData, grad: TensorData, weight: TensorData, shape: Filter
) -> None:
    """Pull a gradient back through `conv2d` to its images."""
    if out.size:
        depth, channels = weight.shape[:2]
        launcher = launchers.find(kernels.by_input, out.dtype, shape)
        _run_pixels(launchers, launcher, (out, grad, weight), (channels, depth, *grad.shape[2:]))


def conv2d_by_weight(
    launchers: Launchers,
    sums: Reduction,
    out: TensorData,
    factors: tuple[TensorData, TensorData],
    shape: Filter,
) -> None:
    """Pull a gradient back through `conv2d` to its kernels; the factors are `grad` and `x`."""
    if not out.size:
        return
    grad, x = factors
    pixels = (grad.shape[0], *grad.shape[2:])
    count, blocks = prod(pixels), out.shape[0] * out.shape[1]
    parts = max(min(ENOUGH_BLOCKS // blocks, count // LEAST_PIXELS), 1)
    chunk = max(ceil_div(count, parts), 1)
    partial = _temporary(launchers, (parts, *out.shape), out)
    launcher = launchers.find(kernels.by_weight, out.dtype, shape)
    strides = tuple(t.strides for t in (out, grad, x))
    sizes = divisible(tuple(max(n, 1) for n in pixels))
    limits = (x.shape[1], chunk, *x.shape[2:])
    grid = (blocks, parts, 1)
    launchers.run(launcher, grid, (partial, grad, x), strides, sizes[:3], count, limits)
    sums.run(add, out.restrided((1, *out.shape), (0, *out.strides)), partial)


def _run_pixels(
    launchers: Launchers,
    launcher: Launcher,
    tensors: tuple[TensorData, TensorData, TensorData],
    limits: tuple[int, ...],
) -> None:
    n, channels, height, width = tensors[0].shape
    sizes = divisible((n, ceil_div(channels, GROUP), height, width))
    grid = (ceil_div(sizes.total, BLOCK), 1, 1)
    strides = tuple(t.strides for t in tensors)
    launchers.run(launcher, grid, tensors, strides, sizes[:3], sizes.total, limits)


def _temporary(launchers: Launchers, shape: Shape, like: TensorData) -> TensorData:
    size = prod(shape)
    memory = launchers.device.allocate(size * like.dtype.itemsize)
    return TensorData(Storage(memory, size, like.dtype), shape)
