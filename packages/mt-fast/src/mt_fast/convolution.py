"""`conv2d` and its two gradients: all three are one correlation, or the gradient of one.

The gradient by the images is itself a correlation: of the output's gradient, stretched by the
stride and padded, with the kernels turned around.
"""

from functools import cache
from math import prod
from typing import Any

import numpy as np

from mt_fast.compiler import Entry, Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels import convolution as kernels
from mt_fast.kernels.tile import VECTORS
from mt_fast.kernels.vectors import lanes_of
from mt_fast.launching import entry, run_parallel, scratch
from mt_fast.product import PARALLEL_WORK, multiply
from mt_fast.reduction import Reduction
from mt_fast.threads import get_num_threads
from mt_operators import add, identity
from mt_tensor.backend import Pair
from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData

IMAGES = 16
"""Images whose gradients by the kernels are added up in one accumulator."""

FEW_ROWS = 8
"""Rows of the result below which the kernels' gradient is a product of written patches. With one
row, a sequence, that is six times as fast; from 14 rows on it is slower."""

PATCHES = 1 << 22
"""Elements of patches that are written out at a time."""


def conv2d(out: TensorData, x: TensorData, weight: TensorData, stride: Pair, padding: Pair) -> None:
    """Correlate `x`, (N, C, H, W), with `weight`, (O, C, KH, KW), into `out`, (N, O, OH, OW)."""
    _correlate(out, x, weight, stride, padding, (1, 1))


def conv2d_by_input(
    out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
) -> None:
    """Pull `grad`, (N, O, OH, OW), back to the images, `out`, (N, C, H, W)."""
    around = tuple(k - 1 - p for k, p in zip(weight.shape[2:], padding, strict=True))
    _correlate(out, grad, _turned(weight), (1, 1), around, stride)  # type: ignore[arg-type]


def conv2d_by_weight(
    out: TensorData, grad: TensorData, x: TensorData, stride: Pair, padding: Pair
) -> None:
    """Pull `grad`, (N, O, OH, OW), back to the kernels, `out`, (O, C, KH, KW)."""
    way = _of_patches if grad.shape[2] < FEW_ROWS else _of_dots
    parts = way(out, grad, x, stride, padding)
    _total.run(add, out.restrided((1, *out.shape), (0, *out.strides)), parts)


def _of_dots(
    out: TensorData, grad: TensorData, x: TensorData, stride: Pair, padding: Pair
) -> TensorData:
    """Return the gradient by the kernels in parts, each that of `IMAGES` images."""
    grad = _with_dense_rows(grad)
    units = -(-x.shape[0] // IMAGES)
    parts = scratch((units, *out.shape), out.storage.dtype)
    words = _words(x, out, grad, stride, padding, (1, 1))
    layout = np.array([*words, IMAGES, x.shape[0]], np.int64)
    work = 2 * grad.size * prod(out.shape[1:])
    _launch("correlate_gradient", (parts, x, grad), layout, units, work)
    return parts


def _of_patches(
    out: TensorData, grad: TensorData, x: TensorData, stride: Pair, padding: Pair
) -> TensorData:
    """Return the gradient by the kernels in parts, each a product of patches that are written out.

    It is the gradient, (O, P), times what each of its P pixels has read, (P, C KH KW), for as many
    images as `PATCHES` allows.
    """
    n, o, oh, ow = grad.shape
    depth = prod(out.shape[1:])
    patches = _patches(_framed(x, padding), (*out.shape[1:], n, oh, ow), stride)
    images = max(1, min(n, PATCHES // max(depth * oh * ow, 1)))
    units = -(-n // images)
    parts = scratch((units, *out.shape), out.storage.dtype)
    for unit in range(units):
        first, count = unit * images, min(images, n - unit * images)
        left = _dense(grad.narrow(0, first, count).permute((1, 0, 2, 3)))
        right = _dense(patches.narrow(3, first, count))
        pixels = count * oh * ow
        part = parts.restrided((o, depth), (depth, 1), unit * o * depth)
        across = right.restrided((pixels, depth), (1, pixels))
        multiply(part, left.restrided((o, pixels), (pixels, 1)), across)
    return parts


def _framed(x: TensorData, padding: Pair) -> TensorData:
    """Return images surrounded by zeros."""
    if padding == (0, 0):
        return x
    n, c, h, w = x.shape
    shape = (n, c, h + 2 * padding[0], w + 2 * padding[1])
    frame = scratch(shape, x.storage.dtype)
    frame.storage.fill(0.0)  # once is enough for replays: nothing else is written there
    inside = frame.narrow(2, padding[0], h).narrow(3, padding[1], w)
    _copy.run(identity, inside, (x,))
    return frame


def _patches(frame: TensorData, shape: tuple[int, ...], stride: Pair) -> TensorData:
    """View images as (C, KH, KW, N, OH, OW): for each tap, what it reads."""
    by_n, by_c, by_h, by_w = frame.strides
    strides = (by_c, by_h, by_w, by_n, by_h * stride[0], by_w * stride[1])
    return frame.restrided(shape, strides)


def _dense(a: TensorData) -> TensorData:
    dense = scratch(a.shape, a.storage.dtype)
    _copy.run(identity, dense, (a,))
    return dense


def _turned(weight: TensorData) -> TensorData:
    """Return the view (C, O, KH, KW) with both taps reversed."""
    o, c, kh, kw = weight.shape
    so, sc, sh, sw = weight.strides
    corner = weight.offset + (kh - 1) * sh + (kw - 1) * sw
    return weight.restrided((c, o, kh, kw), (sc, so, -sh, -sw), corner)


def _correlate(  # noqa: PLR0913, PLR0917
    out: TensorData, x: TensorData, weight: TensorData, stride: Pair, padding: Pair, dilation: Pair
) -> None:
    if out.strides[3] != 1 and out.shape[3] != 1:
        dense = scratch(out.shape, out.storage.dtype)
        _correlate(dense, x, weight, stride, padding, dilation)
        _copy.run(identity, out, (dense,))
        return
    layout = np.array(_words(x, weight, out, stride, padding, dilation), np.int64)
    work = 2 * out.size * prod(weight.shape[1:])
    _launch("correlate", (out, x, weight), layout, out.shape[0], work)


def _words(  # noqa: PLR0913, PLR0917
    x: TensorData, weight: TensorData, out: TensorData, stride: Pair, padding: Pair, dilation: Pair
) -> list[int]:
    """Describe a correlation, as `mt_fast.kernels.convolution` reads it."""
    _, _, oh, ow = out.shape
    o, c, kh, kw = weight.shape
    frame = ((oh - 1) * stride[0] + kh, (ow - 1) * stride[1] + kw)
    sizes = [c, o, *x.shape[2:], *frame, oh, ow, kh, kw]
    return [*sizes, *stride, *padding, *dilation, *x.strides, *weight.strides, *out.strides[:3]]


def _launch(
    name: str, tensors: tuple[TensorData, ...], layout: np.ndarray[Any, Any], units: int, work: int
) -> None:
    start, (address, _) = _kernel(name, tensors[0].storage.dtype)
    storages = tuple(t.storage for t in tensors)
    offsets = tuple(t.offset for t in tensors)
    threads = get_num_threads()
    if threads == 1 or units == 1 or work < PARALLEL_WORK:
        start(address, storages, offsets, layout, units)
    else:
        run_parallel(address, storages, offsets, layout, units, -(-units // threads))


def _with_dense_rows(a: TensorData) -> TensorData:
    return a if a.strides[3] == 1 else _dense(a)


@cache
def _kernel(name: str, dtype: DType) -> tuple[Entry, Kernel]:
    lanes = lanes_of(dtype.itemsize * 8).count
    constants = {
        "ALL": element_types(dtype, dtype, dtype),
        "LANES": lanes,
        "STRIP": lanes * VECTORS,
    }
    helpers = (kernels.fill_frame, kernels.fill_table, kernels.fill_weight)
    bindings = bind_helpers(dict(constants), *helpers)
    kernel = compile_kernel(getattr(kernels, name), bindings, str(constants))
    return entry(3, dtype, dtype, dtype), kernel


_copy = Elementwise()
_total = Reduction()
