"""The windows of a pooling: their size, how they move, how far they reach over the edges."""

from dataclasses import dataclass
from functools import lru_cache

from mt_nn.arguments import Pair, Size, sizes
from mt_nn.functional.padding import pad
from mt_tensor import ShapeError, Tensor
from mt_tensor.layout import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """Windows over images, sizes as (down, right).

    Attributes:
        kernel: their size.
        stride: how far they move.
        padding: how far the first reaches over the upper and left edge, and how much is added
            below and right as well.
        overhang: how much more has to be added below and right, so that the last one is full.
    """

    kernel: Pair
    stride: Pair
    padding: Pair
    overhang: Pair

    def surround(self, images: Tensor, value: float) -> Tensor:
        """Return images that full windows cover, with a value around them."""
        return self.complete(self.pad(images, value), value)

    def pad(self, images: Tensor, value: float) -> Tensor:
        """Add the padding on all four sides."""
        down, right = self.padding
        return pad(images, (right, right, down, down), value=value) if down or right else images

    def complete(self, images: Tensor, value: float) -> Tensor:
        """Add the overhang below and right."""
        down, right = self.overhang
        return pad(images, (0, right, 0, down), value=value) if down or right else images


def read_window(  # noqa: PLR0913, PLR0917
    operator: str,
    images: Tensor,
    count: int,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    *,
    ceil_mode: bool,
) -> Window:
    """Read the arguments of a pooling over `count` dimensions, for these images.

    Raises:
        ShapeError: a window is larger than the padded image.
        ValueError: a size below 1, or a padding of more than half a window.
    """
    kernel = sizes(operator, "kernel_size", kernel_size, count)
    step = kernel if stride is None else sizes(operator, "stride", stride, count)
    zeros = sizes(operator, "padding", padding, count, least=0)
    return _window(operator, images.shape[-count:], (kernel, step, zeros), ceil_mode=ceil_mode)


@lru_cache(maxsize=1024)
def _window(
    operator: str, image: Shape, read: tuple[Shape, Shape, Shape], *, ceil_mode: bool
) -> Window:
    kernel, stride, padding = read
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        message = f"{operator}: padding {padding} must be at most half of kernel_size {kernel}"
        raise ValueError(message)
    for n, k, p in zip(image, kernel, padding, strict=True):
        if k > n + 2 * p:
            message = (
                f"{operator}: kernel_size {kernel} is larger than the padded input: the input "
                f"ends in {image}, the padding is {padding}"
            )
            raise ShapeError(message)
    numbers = zip(image, kernel, stride, padding, strict=True)
    overhang = tuple(_overhang(*four) if ceil_mode else 0 for four in numbers)
    return Window(_pair(kernel, 1), _pair(stride, 1), _pair(padding, 0), _pair(overhang, 0))


def _overhang(n: int, k: int, s: int, p: int) -> int:
    """Return what the last window lacks; a window must not begin behind the image."""
    last = -(-(n + 2 * p - k) // s)
    last -= last * s >= n + p
    return max(last * s + k - (n + 2 * p), 0)


def _pair(values: tuple[int, ...], missing: int) -> Pair:
    down, right = (missing, *values)[-2:]
    return down, right
