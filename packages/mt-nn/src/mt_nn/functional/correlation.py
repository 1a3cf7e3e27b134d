r"""Grouped and dilated correlation, as several ordinary ones over views.

A backend has one kernel, `conv2d`, with stride and padding. The rest needs no other:

- *Groups* cut the channels of images, kernels and results into parts that do not mix. Each part is
  a view.
- *Dilation* $d$ lets a kernel read every $d$-th element. With stride $s$ and $g = \gcd(s, d)$, the
  results $o = r + q\,d/g$ of one *phase* $r$ read $x_{rs + d(q s/g + k)}$: an ordinary correlation
  with stride $s/g$ over every $d$-th element of the images. The phases share no element, neither of
  the results nor of the images.

So nothing is copied but what padding asks for, and no product with a zero is computed.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import gcd
from typing import NamedTuple

from mt_nn.arguments import Pair
from mt_operators import add, identity
from mt_tensor import Backend, TensorData
from mt_tensor.defaults.convolution import sum_to_bias
from mt_tensor.defaults.windows import clear, interior, padded

UNDILATED = (1, 1)
UNPADDED = (0, 0)


class Geometry(NamedTuple):
    """How kernels meet images: sizes are (down, right).

    Attributes:
        stride: how far the kernel moves.
        padding: how many zeros surround the image.
        dilation: how far apart the elements are that a kernel reads.
        groups: into how many parts the channels are cut.
    """

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    def output_size(self, image: tuple[int, ...], kernel: tuple[int, ...]) -> Pair:
        """Return the size of the result for images and kernels of these sizes."""
        return _output_size(self, image, kernel)


@lru_cache(maxsize=1024)
def _output_size(how: Geometry, image: tuple[int, ...], kernel: tuple[int, ...]) -> Pair:
    sizes = zip(image, kernel, how.stride, how.padding, how.dilation, strict=True)
    down, right = ((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes)
    return down, right


class Part(NamedTuple):
    """One ordinary correlation: views of images, kernels and results, and its stride."""

    x: TensorData
    weight: TensorData
    y: TensorData
    stride: Pair


def correlate(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: Backend,
    out: TensorData,
    x: TensorData,
    weight: TensorData,
    bias: TensorData | None,
    how: Geometry,
) -> None:
    """Fill `out` (N, O, OH, OW) from `x`, `weight` (O, C / groups, KH, KW) and `bias` (O,)."""
    for g, (a, w, y) in enumerate(in_groups(x, weight, out, how.groups)):
        own = of_group(bias, g, how.groups)
        if how.dilation == UNDILATED:
            backend.conv2d(y, a, w, own, how.stride, how.padding)
            continue
        for part in _phases(padded(backend, a, how.padding), w, y, how):
            backend.conv2d(part.y, part.x, part.weight, own, part.stride, UNPADDED)


def correlate_by_input(
    backend: Backend, out: TensorData, grad: TensorData, weight: TensorData, how: Geometry
) -> None:
    """Pull `grad` (N, O, OH, OW) back to the images, `out` (N, C, H, W)."""
    for a, w, y in in_groups(out, weight, grad, how.groups):
        if how.dilation == UNDILATED:
            backend.conv2d_by_input(a, y, w, how.stride, how.padding)
            continue
        wide = _widened(backend, a, how.padding)
        for part in _phases(wide, w, y, how):
            backend.conv2d_by_input(part.x, part.y, part.weight, part.stride, UNPADDED)
        backend.map(identity, a, interior(wide, how.padding))


def correlate_by_weight(  # noqa: PLR0913, PLR0917  the arguments of the kernel
    backend: Backend,
    out: TensorData,
    bias: TensorData | None,
    grad: TensorData,
    x: TensorData,
    how: Geometry,
) -> None:
    """Pull `grad` (N, O, OH, OW) back to the kernels, `out` (O, C / groups, KH, KW), and a bias."""
    for g, (a, w, y) in enumerate(in_groups(x, out, grad, how.groups)):
        own = of_group(bias, g, how.groups)
        if how.dilation == UNDILATED:
            backend.conv2d_by_weight(w, own, y, a, how.stride, how.padding)
            continue
        sum_to_bias(backend, own, y)
        share = backend.allocate(w.shape, w.dtype)
        clear(backend, w)
        for part in _phases(padded(backend, a, how.padding), w, y, how):
            backend.conv2d_by_weight(share, None, part.y, part.x, part.stride, UNPADDED)
            backend.zip(add, w, w, share)


def in_groups(
    x: TensorData, weight: TensorData, y: TensorData, groups: int
) -> Sequence[tuple[TensorData, TensorData, TensorData]]:
    """Return the channels of sequences or images, kernels and results that belong together."""
    if groups == 1:
        return ((x, weight, y),)
    channels, kernels = x.shape[1] // groups, weight.shape[0] // groups
    return [
        (
            x.narrow(1, g * channels, channels),
            weight.narrow(0, g * kernels, kernels),
            y.narrow(1, g * kernels, kernels),
        )
        for g in range(groups)
    ]


def of_group(bias: TensorData | None, group: int, groups: int) -> TensorData | None:
    """Return the part of a bias that belongs to the kernels of a group."""
    if bias is None:
        return None
    channels = bias.shape[0] // groups
    return bias.narrow(0, group * channels, channels)


def _phases(x: TensorData, weight: TensorData, y: TensorData, how: Geometry) -> Iterator[Part]:
    common = [gcd(s, d) for s, d in zip(how.stride, how.dilation, strict=True)]
    counts = [d // g for d, g in zip(how.dilation, common, strict=True)]
    down, right = (s // g for s, g in zip(how.stride, common, strict=True))
    for phase in product(*map(range, counts)):
        image, result = x, y
        for axis, (r, count, s) in enumerate(zip(phase, counts, (down, right), strict=True), 2):
            length = len(range(r, y.shape[axis], count))
            result = _every(result, axis, r, count, length)
            reach = max(length - 1, 0) * s + weight.shape[axis]
            step, start = how.dilation[axis - 2], r * how.stride[axis - 2]
            image = _every(image, axis, start, step, reach)
        if 0 not in result.shape:
            yield Part(image, weight, result, (down, right))


def _every(a: TensorData, axis: int, start: int, step: int, length: int) -> TensorData:
    """Return the view of `length` elements of an axis, from `start`, `step` apart."""
    shape, strides = list(a.shape), list(a.strides)
    shape[axis] = length
    strides[axis] *= step
    return a.restrided(tuple(shape), tuple(strides), a.offset + start * a.strides[axis])


def _widened(backend: Backend, a: TensorData, padding: Pair) -> TensorData:
    *lead, height, width = a.shape
    wide = (*lead, height + 2 * padding[0], width + 2 * padding[1])
    return backend.full(wide, 0.0, a.dtype)
