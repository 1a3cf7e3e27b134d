r"""Pooling: one number for each window of an image or a sequence.

A backend pools full windows without padding. Padding is put around the image first: zeros for an
average, $-\infty$ for a maximum.
"""

from functools import lru_cache
from math import inf, prod
from typing import Any, NamedTuple

from mt_nn.arguments import Pair, Size, one_dtype
from mt_nn.functional.images import as_images, restored
from mt_nn.functional.window import Window, read_window
from mt_tensor import Backend, Tensor, TensorData, ones
from mt_tensor.functions.rule import DataRule, Shares, recorded
from mt_tensor.layout import Shape


def avg_pool2d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,  # noqa: FBT001, FBT002
    count_include_pad: bool = True,  # noqa: FBT001, FBT002
    divisor_override: int | None = None,
) -> Tensor:
    """Average over windows.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        kernel_size: size of the window, one number or (high, wide).
        stride: how far the window moves; by its own size if None, so that windows do not overlap.
        padding: how many zeros surround the image, at most half a window.
        ceil_mode: also take a last window that reaches over the lower or right edge.
        count_include_pad: whether the zeros of the padding count as elements.
        divisor_override: divide by this number instead of the count of elements.

    Returns:
        Shape (N, C, OH, OW) with `OH = (H + 2 PH - KH) // SH + 1`, rounded up in `ceil_mode`.

    Raises:
        ShapeError: not 3 or 4 dimensions, or the window is larger than the padded image.
        DTypeError: the input does not hold floats.
        ValueError: a size below 1, or a padding of more than half a window.

    Source: `torch.nn.functional.avg_pool2d`.
    """
    one_dtype("avg_pool2d", input=input)
    images = as_images("avg_pool2d", input, 2)
    sizes = (kernel_size, stride, padding)
    window = read_window("avg_pool2d", images, 2, *sizes, ceil_mode=ceil_mode)
    averages = _average(images, window, count_include_pad)
    if divisor_override is not None:
        averages = _mean(window.surround(images, 0.0), window) * (
            prod(window.kernel) / divisor_override
        )
    return restored(averages, input, 2)


def avg_pool1d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,  # noqa: FBT001, FBT002
    count_include_pad: bool = True,  # noqa: FBT001, FBT002
) -> Tensor:
    """Average over windows of sequences (N, C, L) or (C, L); otherwise as `avg_pool2d`.

    Source: `torch.nn.functional.avg_pool1d`.
    """
    one_dtype("avg_pool1d", input=input)
    images = as_images("avg_pool1d", input, 1)
    sizes = (kernel_size, stride, padding)
    window = read_window("avg_pool1d", images, 1, *sizes, ceil_mode=ceil_mode)
    return restored(_average(images, window, count_include_pad), input, 1)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    *,
    ceil_mode: bool = False,
) -> Tensor:
    """Take the maximum over windows; its gradient goes to the first of equal maxima.

    Arguments, result and errors as in `avg_pool2d`. A nan in a window is its maximum.

    Source: `torch.nn.functional.max_pool2d`.
    """
    return _maximum("max_pool2d", 2, input, (kernel_size, stride, padding), ceil_mode=ceil_mode)


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    *,
    ceil_mode: bool = False,
) -> Tensor:
    """Take the maximum over windows of sequences (N, C, L) or (C, L); see `max_pool2d`.

    Source: `torch.nn.functional.max_pool1d`.
    """
    return _maximum("max_pool1d", 1, input, (kernel_size, stride, padding), ceil_mode=ceil_mode)


class Windows(NamedTuple):
    """How windows lie, and the images where a gradient depends on them.

    Attributes:
        geometry: the size of a window, and the steps between them.
        x: the images, or None.
    """

    geometry: tuple[Pair, Pair]
    x: TensorData | None


class AvgPool2d(DataRule):
    """Averages over full windows, by the kernels of the backend."""

    __name__ = "AvgPool2d"

    def shares(
        self, inputs: tuple[Any, ...], saved: Windows, grad: TensorData, backend: Backend
    ) -> Shares:
        """Give each element of a window an equal share."""
        out = backend.allocate(inputs[0].data.shape, grad.storage.dtype)
        backend.avg_pool2d_by_input(out, grad, *saved.geometry)
        return [(inputs[0], out)]


class MaxPool2d(DataRule):
    """Maxima over full windows, by the kernels of the backend."""

    __name__ = "MaxPool2d"

    def shares(
        self, inputs: tuple[Any, ...], saved: Windows, grad: TensorData, backend: Backend
    ) -> Shares:
        """Give the gradient of a window to its first maximum."""
        x: Any = saved.x
        out = backend.allocate(x.shape, grad.storage.dtype)
        backend.max_pool2d_by_input(out, grad, x, *saved.geometry)
        return [(inputs[0], out)]


AVG_POOL2D, MAX_POOL2D = AvgPool2d(), MaxPool2d()


def _average(images: Tensor, window: Window, include_padding: bool) -> Tensor:  # noqa: FBT001
    averages = _mean(window.surround(images, 0.0), window)
    if window.overhang == (0, 0) and (include_padding or window.padding == (0, 0)):
        return averages
    present = ones(1, 1, *images.shape[2:], dtype=images.dtype, backend=images.backend)
    counted = window.complete(window.pad(present, float(include_padding)), 0.0)
    return averages / _mean(counted, window)


def _mean(images: Tensor, window: Window) -> Tensor:
    backend, x, geometry = images.backend, images.data, (window.kernel, window.stride)
    out = backend.allocate(_pooled(x.shape, *geometry), x.storage.dtype)
    backend.avg_pool2d(out, x, *geometry)
    return recorded(AVG_POOL2D, out, (images,), Windows(geometry, None))


def _maximum(
    operator: str, count: int, input: Tensor, sizes: tuple[Any, Any, Any], *, ceil_mode: bool
) -> Tensor:
    one_dtype(operator, input=input)
    images = as_images(operator, input, count)
    window = read_window(operator, images, count, *sizes, ceil_mode=ceil_mode)
    whole = window.surround(images, -inf)
    backend, x, geometry = whole.backend, whole.data, (window.kernel, window.stride)
    out = backend.allocate(_pooled(x.shape, *geometry), x.storage.dtype)
    backend.max_pool2d(out, x, *geometry)
    result = recorded(MAX_POOL2D, out, (whole,), Windows(geometry, x))
    return restored(result, input, count)


@lru_cache(maxsize=1024)
def _pooled(shape: Shape, kernel: Pair, stride: Pair) -> Shape:
    """Return the shape of the result."""
    sizes = zip(shape[2:], kernel, stride, strict=True)
    return (*shape[:2], *((n - k) // s + 1 for n, k, s in sizes))
