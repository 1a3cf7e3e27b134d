"""`conv2d` and its two gradients: all three are one correlation, or the gradient of one.

The gradient by the images is itself a correlation: of the output's gradient, stretched by the
stride and padded, with the kernels turned around.
"""

from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numba
import numpy as np

from mt_fast.compiler import Kernel, bind_helpers, compile_kernel, element_types
from mt_fast.elementwise import Elementwise
from mt_fast.kernels import convolution as kernels
from mt_fast.kernels.intrinsics.vectors import lanes_of
from mt_fast.launching import Prepared, Work, scratch
from mt_fast.product import PARALLEL_WORK, multiply
from mt_fast.reduction import Reduction
from mt_fast.threads import get_num_threads
from mt_operators import add, identity
from mt_tensor.backend import Pair
from mt_tensor.defaults.convolution import as_channels
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape, Strides
from mt_tensor.tensor_data import TensorData

Geometry = tuple[Pair, Pair, Pair]
"""Stride, padding and dilation of the images."""

IMAGES, MOST_PARTS = 8, 64
"""Images whose gradients by the kernels are added up in one accumulator, or some fewer so that all
have as many; more where there would be more than so many parts."""

FEW_ROWS = 8
"""Rows of the result below which the kernels' gradient is a product of written patches. With one
row, a sequence, that is six times as fast; from 14 rows on it is slower."""

PATCHES = 1 << 22
"""Elements of patches that are written out at a time."""


class Plan(NamedTuple):
    """A kernel for one combination of layouts.

    Attributes:
        layout: as `mt_fast.kernels.convolution` reads it.
        units: how many units of work there are.
        parallel: whether it is worth several threads.
    """

    layout: np.ndarray[Any, Any]
    units: int
    parallel: bool


def conv2d(  # noqa: PLR0913, PLR0917  what a convolution is given
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    stride: Pair,
    padding: Pair,
) -> None:
    """Correlate `x`, (N, C, H, W), with `weight`, (O, C, KH, KW), into `out`, (N, O, OH, OW)."""
    _correlate(out, x, weight, bias, (stride, padding, (1, 1)))


def conv2d_by_input(
    out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
) -> None:
    """Pull `grad`, (N, O, OH, OW), back to the images, `out`, (N, C, H, W)."""
    _, _, kh, kw = weight.shape
    around = kh - 1 - padding[0], kw - 1 - padding[1]
    _correlate(out, grad, _turned(weight), None, ((1, 1), around, stride))


def conv2d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    stride: Pair,
    padding: Pair,
) -> None:
    """Pull `grad`, (N, O, OH, OW), back to the kernels, `out`, (O, C, KH, KW), and the bias, (O,).

    Both are added up in parts, each of some images. A product of patches knows nothing of the bias,
    whose parts are then the gradient itself.
    """
    if grad.shape[2] < FEW_ROWS:
        parts, shares = _of_patches(out, grad, x, stride, padding), grad
    else:
        parts, shares = _of_dots(out, bias, grad, x, (stride, padding, (1, 1)))
    _total.run(add, out.restrided((1, *out.shape), (0, *out.strides)), parts)
    if bias is not None:
        _total.run(add, as_channels(bias, shares), shares)


def _of_dots(
    out: TensorData, bias: TensorData | None, grad: TensorData, x: TensorData, geometry: Geometry
) -> tuple[TensorData, TensorData]:
    """Return the gradients by the kernels and the bias in parts, each those of some images.

    Those by the bias are not set if there is none.
    """
    shapes = (x.shape, out.shape, grad.shape), (x.strides, out.strides, grad.strides)
    dtype = out.storage.dtype
    how = _plan_gradient(*shapes, geometry, bias is not None, _lanes(dtype))
    parts = scratch((how.units, *out.shape), dtype)
    shares = parts if bias is None else scratch((how.units, *bias.shape), dtype)
    _launch("correlate_gradient", (parts, x, grad, shares), how)
    return parts, shares


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


def _correlate(
    out: TensorData, x: TensorData, weight: TensorData, bias: TensorData | None, geometry: Geometry
) -> None:
    if out.strides[3] != 1 and out.shape[3] != 1:
        dense = scratch(out.shape, out.storage.dtype)
        _correlate(dense, x, weight, bias, geometry)
        _copy.run(identity, out, (dense,))
        return
    step = None if bias is None else bias.strides[0]
    shapes = (x.shape, weight.shape, out.shape), (x.strides, weight.strides, out.strides)
    how = _plan(*shapes, geometry, step)
    _launch("correlate", (out, x, weight, weight if bias is None else bias), how)


@lru_cache(maxsize=1024)
def _plan(
    shapes: tuple[Shape, ...], strides: tuple[Strides, ...], geometry: Geometry, bias: int | None
) -> Plan:
    """Plan the correlation of images and kernels with an output, in this order."""
    (n, _, _, ow), (_, right), kw = shapes[2], geometry[0], shapes[1][3]
    line = (ow + (kw - 1) // right) * right
    words = [*_words(shapes, strides, geometry), line, bias is not None, bias or 0]
    return Plan(np.array(words, np.int64), n, _work(shapes) >= PARALLEL_WORK)


@lru_cache(maxsize=1024)
def _plan_gradient(
    shapes: tuple[Shape, ...],
    strides: tuple[Strides, ...],
    geometry: Geometry,
    biased: bool,  # noqa: FBT001  part of the key
    lanes: int,
) -> Plan:
    """Plan the gradient by kernels of images, kernels and an output, in this order."""
    (n, _, _, ow), (_, right), kw = shapes[2], geometry[0], shapes[1][3]
    parts = max(1, min(-(-n // IMAGES), MOST_PARTS))
    images = max(1, -(-n // parts))
    line = (-(-ow // lanes) * lanes + (kw - 1) // right) * right
    words = [*_words(shapes, strides, geometry), line, images, n, biased]
    return Plan(np.array(words, np.int64), -(-n // images), _work(shapes) >= PARALLEL_WORK)


def _words(
    shapes: tuple[Shape, ...], strides: tuple[Strides, ...], geometry: Geometry
) -> list[int]:
    """Describe a correlation of images, kernels and an output, for the kernels."""
    (_, _, *image), (o, c, kh, kw), (_, _, oh, ow) = shapes
    (down, right), padding, dilation = geometry
    frame = (oh - 1) * down + kh, (ow - 1) * right + kw
    steps = [step for each in strides for step in each]
    return [c, o, *image, *frame, oh, ow, kh, kw, down, right, *padding, *dilation, *steps]


def _work(shapes: tuple[Shape, ...]) -> int:
    """Return the FLOPs of a correlation."""
    return 2 * prod(shapes[2]) * prod(shapes[1][1:])


def _launch(name: str, tensors: tuple[TensorData, ...], how: Plan) -> None:
    storages = tuple([t.storage for t in tensors])
    offsets = tuple([t.offset for t in tensors])
    layout, units, parallel = how
    key = name, units, layout.tobytes()
    if not _prepared.start(key, storages, offsets):
        kernel = _kernel(name, storages[0].dtype)
        chunk = -(-units // get_num_threads()) if parallel and units > 1 else 0
        _prepared.launch(key, Work(kernel, layout, units, chunk), storages, offsets)


@cache
def _lanes(dtype: DType) -> int:
    return lanes_of(dtype.itemsize * 8).count


@cache
def _kernel(name: str, dtype: DType) -> Kernel:
    dtypes = (dtype,) * 4
    constants = {
        "ALL": element_types(*dtypes),
        "LANES": _lanes(dtype),
        "number": numba.from_dtype(dtype),
    }
    bindings = bind_helpers(dict(constants), *_HELPERS)
    return compile_kernel(getattr(kernels, name), bindings, str(constants))


_HELPERS = (
    kernels.fill_frame,
    kernels.fill_table,
    kernels.fill_strips,
    kernels.fill_weight,
    kernels.fill_bias,
    kernels.fill_gradient,
    kernels.put_channels,
)
_copy = Elementwise()
_total = Reduction()
_prepared = Prepared()
