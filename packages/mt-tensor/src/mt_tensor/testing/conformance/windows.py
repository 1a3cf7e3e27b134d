"""Convolution and pooling over windows of images, forward and backward, against NumPy's windows.

The backward kernels are compared with the forward oracle applied to every unit image, so that no
second formula is trusted.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mt_tensor.dtypes import DType
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

KERNELS = [(1, 1), (2, 3), (3, 2)]
STRIDES = [(1, 1), (2, 1), (1, 3)]
CONVOLUTIONS = [
    *((kernel, stride, (0, 0)) for kernel in KERNELS for stride in STRIDES),
    ((3, 3), (1, 1), (1, 1)),
    ((2, 3), (2, 2), (0, 2)),
]
FILTERS = 4

pools = pytest.mark.parametrize(
    ("kernel", "stride"),
    [((2, 2), (2, 2)), ((1, 1), (1, 1)), ((3, 2), (1, 2)), ((2, 3), (3, 1))],
    ids=str,
)
layouts = pytest.mark.parametrize("layout", LAYOUTS)


def window_view(x: Array, kernel: Pair, stride: Pair) -> Array:
    """Return (N, C, OH, OW, KH, KW)."""
    view: Array = sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def correlate(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """Correlate images with kernels, in float64."""
    around = ((0, 0), (0, 0), *((p, p) for p in padding))
    wide = np.pad(x.astype(np.float64), around)
    view = window_view(wide, weight.shape[2:], stride)
    return np.asarray(np.einsum("nchwij,ocij->nohw", view, weight.astype(np.float64)))


def first_maxima(grad: Array, x: Array, kernel: Pair, stride: Pair) -> Array:
    """Give each window's gradient to its first maximum, one window at a time."""
    result = np.zeros(x.shape)
    view = window_view(x, kernel, stride)
    for n, c, h, w in np.ndindex(view.shape[:4]):
        i, j = np.unravel_index(np.argmax(view[n, c, h, w]), kernel)
        result[n, c, h * stride[0] + i, w * stride[1] + j] += grad[n, c, h, w]
    return result


def pulled_back(forward: Callable[[Array], Array], grad: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of a linear function, one element of its input at a time."""
    size = int(np.prod(shape))
    units = np.eye(size).reshape(size, *shape)
    return np.array([(forward(unit) * grad).sum() for unit in units]).reshape(shape)


class Windows(Suite):
    """`conv2d`, `avg_pool2d`, `max_pool2d` and their gradients."""

    @property
    def images(self) -> tuple[int, int, int, int]:
        """The shape of most images: (N, C, H, W)."""
        return (1, 2, 5, 6) if self.small else (2, 3, 5, 6)

    def check_kernel(
        self, fill: Callable[[TensorData], None], wanted: Array, dtype: DType, about: str
    ) -> None:
        """Run a kernel into a contiguous tensor, and compare."""
        out = self.place(self.blank(wanted.shape, dtype))
        fill(out)
        assert_close(self.read(out), wanted, scale=16.0, about=about)

    @floats
    @pytest.mark.parametrize(("kernel", "stride", "padding"), CONVOLUTIONS, ids=str)
    def test_conv2d(self, kernel: Pair, stride: Pair, padding: Pair, dtype: DType) -> None:
        """Forward, and back to the images and to the kernels."""
        x = drawn(dtype, *self.images)
        weight = drawn(dtype, FILTERS, x.shape[1], *kernel, seed=1)
        self.check_conv2d(x, weight, stride, padding)

    def check_conv2d(self, x: Array, weight: Array, stride: Pair, padding: Pair) -> None:
        """Compare the three kernels of a convolution."""
        images, filters = self.place(x), self.place(weight)
        wanted, how = correlate(x, weight, stride, padding), (stride, padding)
        self.check_kernel(
            lambda out: self.backend.conv2d(out, images, filters, None, *how),
            wanted,
            x.dtype,
            "conv2d",
        )
        shift = drawn(x.dtype, len(weight), seed=3)
        bias = self.place(shift)
        self.check_kernel(
            lambda out: self.backend.conv2d(out, images, filters, bias, *how),
            wanted + shift[:, None, None],
            x.dtype,
            "conv2d with a bias",
        )
        grad = drawn(x.dtype, *wanted.shape, seed=2)
        on_device = self.place(grad)
        self.check_kernel(
            lambda out: self.backend.conv2d_by_input(out, on_device, filters, *how),
            pulled_back(lambda unit: correlate(unit, weight, *how), grad, x.shape),
            x.dtype,
            "conv2d_by_input",
        )
        self.check_conv2d_by_weight(grad, x, weight, how)

    def check_conv2d_by_weight(
        self, grad: Array, x: Array, weight: Array, how: tuple[Pair, Pair]
    ) -> None:
        """Compare the gradient by the kernels, without that by the bias and with it."""
        on_device, images = self.place(grad), self.place(x)
        wanted = pulled_back(lambda unit: correlate(x, unit, *how), grad, weight.shape)

        def by_weight(out: TensorData, bias: TensorData | None = None) -> None:
            self.backend.conv2d_by_weight(out, bias, on_device, images, *how)

        by_bias = self.place(self.blank(weight.shape[:1], x.dtype))
        for fill in (by_weight, partial(by_weight, bias=by_bias)):
            self.check_kernel(fill, wanted, x.dtype, "conv2d_by_weight")
        total = grad.astype(np.float64).sum((0, 2, 3))
        assert_close(self.read(by_bias), total, scale=16.0, about="the gradient by the bias")

    @layouts
    @floats
    def test_conv2d_of_any_layout(self, dtype: DType, layout: str) -> None:
        """Images and kernels that are views."""
        n = 1 if self.small else 2
        x, weight = drawn(dtype, n, 2, 4, 3), drawn(dtype, 3, 2, 2, 2, seed=1)
        self.check_conv2d(arranged(layout, x), arranged(layout, weight), (1, 2), (1, 0))

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_conv2d_into_any_layout(self, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        x, weight = drawn(np.dtype("f8"), 2, 2, 4, 3), drawn(np.dtype("f8"), 3, 2, 2, 2, seed=1)
        wanted = correlate(x, weight, (1, 1), (0, 0))
        self.check_storage(
            lambda out: self.backend.conv2d(
                out, self.place(x), self.place(weight), None, (1, 1), (0, 0)
            ),
            self.blank(wanted.shape, x.dtype, layout),
            wanted,
            f"conv2d into {layout}",
        )
        grad, by_weight = drawn(x.dtype, *wanted.shape, seed=2), self.place(np.zeros_like(weight))
        self.check_storage(
            lambda out: self.backend.conv2d_by_weight(
                by_weight, out, self.place(grad), self.place(x), (1, 1), (0, 0)
            ),
            self.blank((3,), x.dtype, layout),
            grad.sum((0, 2, 3)),
            f"the gradient by the bias into {layout}",
        )

    def test_conv2d_of_no_images(self) -> None:
        """Gives none, and gradients of 0."""
        x, weight = np.zeros((0, 2, 3, 3)), drawn(np.dtype("f8"), 4, 2, 2, 2)
        self.check_conv2d(x, weight, (1, 1), (0, 0))

    @floats
    def test_conv2d_of_many_images(self, dtype: DType) -> None:
        """Enough of them to be shared out, channels and sizes that fill no tile."""
        n = 1 if self.small else 33
        x, weight = drawn(dtype, n, 5, 9, n + 5), drawn(dtype, 7, 5, 3, 3, seed=1)
        images, filters = self.place(x), self.place(weight)
        self.check_kernel(
            lambda out: self.backend.conv2d(out, images, filters, None, (1, 1), (1, 1)),
            correlate(x, weight, (1, 1), (1, 1)),
            dtype,
            "conv2d",
        )

    @pools
    @floats
    def test_avg_pool2d(self, dtype: DType, kernel: Pair, stride: Pair) -> None:
        """Full windows only; they may overlap."""
        self.check_avg_pool2d(drawn(dtype, *self.images), kernel, stride)

    def check_avg_pool2d(self, x: Array, kernel: Pair, stride: Pair) -> None:
        """Compare the two kernels of average pooling."""
        images, how = self.place(x), (kernel, stride)

        def average(array: Array) -> Array:
            return np.asarray(window_view(array.astype(np.float64), *how).mean((4, 5)))

        self.check_kernel(
            lambda out: self.backend.avg_pool2d(out, images, *how), average(x), x.dtype, "avg"
        )
        grad = drawn(x.dtype, *average(x).shape, seed=2)
        self.check_kernel(
            lambda out: self.backend.avg_pool2d_by_input(out, self.place(grad), *how),
            pulled_back(average, grad, x.shape),
            x.dtype,
            "avg_pool2d_by_input",
        )

    @pools
    @floats
    def test_max_pool2d(self, dtype: DType, kernel: Pair, stride: Pair) -> None:
        """The gradient goes to the first of equal maxima in row-major order."""
        x = np.random.default_rng(3).integers(0, 3, self.images).astype(dtype)
        self.check_max_pool2d(x, kernel, stride)

    def check_max_pool2d(self, x: Array, kernel: Pair, stride: Pair) -> None:
        """Compare the two kernels of maximum pooling."""
        images, how = self.place(x), (kernel, stride)
        wanted = window_view(x, *how).max((4, 5))
        self.check_kernel(
            lambda out: self.backend.max_pool2d(out, images, *how), wanted, x.dtype, "max"
        )
        grad = drawn(x.dtype, *wanted.shape, seed=2)
        self.check_kernel(
            lambda out: self.backend.max_pool2d_by_input(out, self.place(grad), images, *how),
            first_maxima(grad, x, *how),
            x.dtype,
            "max_pool2d_by_input",
        )

    @layouts
    def test_pools_of_any_layout(self, layout: str) -> None:
        """Images that are views, stretched ones included."""
        x = arranged(layout, drawn(np.dtype("f8"), 2, 2, 4, 5))
        self.check_avg_pool2d(x, (2, 2), (1, 2))
        self.check_max_pool2d(x, (2, 2), (1, 2))

    def test_the_maximum_of_what_is_not_finite(self) -> None:
        """A nan wins and takes the gradient; infinities are ordinary."""
        x = np.array([[[[1.0, np.nan], [-np.inf, -np.inf], [np.inf, 2.0]]]])
        self.check_max_pool2d(x, (1, 2), (1, 1))
