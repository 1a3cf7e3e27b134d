"""Sliding windows over images as views, and the copies that the other defaults share.

Every window of an image is the image read from another offset, so all of them together are one
layout with two more dimensions, which repeats positions and moves no element. A *tap* is the
other way to cut it: the elements at one place of every window. Windows overlap; the elements of
a tap never do, so a kernel may write to a tap.
"""

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from mt_operators import identity
from mt_tensor.dtypes import DType
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend, Pair


def windows(x: TensorData, kernel: "Pair", stride: "Pair") -> TensorData:
    """Return every window of the images: (N, C, H, W) reads as (N, C, OH, OW, KH, KW).

    `OH = (H - KH) // SH + 1`, and `OW` likewise: what does not fill a window is left out.
    """
    *lead, height, width = x.shape
    *steps, down, right = x.strides
    (kh, kw), (sh, sw) = kernel, stride
    return x.restrided(
        (*lead, (height - kh) // sh + 1, (width - kw) // sw + 1, kh, kw),
        (*steps, sh * down, sw * right, down, right),
    )


def taps(view: TensorData) -> Iterator[TensorData]:
    """Yield each place of the windows (N, C, OH, OW, KH, KW) in row-major order, without KH, KW."""
    *_, kh, kw = view.shape
    for i, j in product(range(kh), range(kw)):
        offset = view.offset + i * view.strides[4] + j * view.strides[5]
        yield view.restrided(view.shape[:4], view.strides[:4], offset)


def interior(x: TensorData, padding: "Pair") -> TensorData:
    """Return the view of padded images that leaves the padding out."""
    *_, height, width = x.shape
    ph, pw = padding
    return x.narrow(2, ph, height - 2 * ph).narrow(3, pw, width - 2 * pw)


def padded(backend: "Backend", x: TensorData, padding: "Pair") -> TensorData:
    """Return the images with `padding` zeros on either side; themselves if it is (0, 0)."""
    if padding == (0, 0):
        return x
    *lead, height, width = x.shape
    wide = (*lead, height + 2 * padding[0], width + 2 * padding[1])
    out = backend.full(wide, 0.0, x.dtype)
    backend.map(identity, interior(out, padding), x)
    return out


def copied(backend: "Backend", x: TensorData) -> TensorData:
    """Return a contiguous copy."""
    out = backend.allocate(x.shape, x.dtype)
    backend.map(identity, out, x)
    return out


def constant(backend: "Backend", value: float, shape: Shape, dtype: DType) -> TensorData:
    """Return one element that reads as `shape`."""
    return backend.full((1,) * len(shape), value, dtype).expand(shape)


def clear(backend: "Backend", out: TensorData) -> None:
    """Set every element to zero."""
    backend.map(identity, out, constant(backend, 0.0, out.shape, out.dtype))


def reshaped(a: TensorData, shape: Shape) -> TensorData:
    """Return the view as `shape` of a layout that is known to have one."""
    view = a.view(shape)
    assert view is not None, f"{a.shape} with strides {a.strides} has no view {shape}"  # noqa: S101
    return view
