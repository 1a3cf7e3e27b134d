"""Pooling layers: they shrink an image, and have nothing to train."""

from collections.abc import Callable
from typing import Any, ClassVar

from mt_nn.arguments import Size, sizes
from mt_nn.functional import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from mt_nn.functional.adaptive import OutputSize
from mt_operators import Module
from mt_tensor import Tensor


class _Pool(Module):
    """A window and how it moves.

    Args:
        kernel_size: size of the window, one number or one for each dimension.
        stride: how far the window moves; by its own size if None.
        padding: how much is put around the input, at most half a window.
        ceil_mode: also take a last window that reaches over the edge.

    Raises:
        ValueError: a size below 1, or a padding below 0.
    """

    count: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        *,
        ceil_mode: bool = False,
    ) -> None:
        """Read the sizes."""
        name = type(self).__name__
        self.kernel_size = sizes(name, "kernel_size", kernel_size, self.count)
        step = self.kernel_size if stride is None else stride
        self.stride = sizes(name, "stride", step, self.count)
        self.padding = sizes(name, "padding", padding, self.count, least=0)
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, ...) to fewer positions."""
        pool = type(self).function
        return pool(input, self.kernel_size, self.stride, self.padding, **self._options())

    def extra_repr(self) -> str:
        """Show the sizes."""
        padded = f", padding={self.padding}" if any(self.padding) else ""
        return f"kernel_size={self.kernel_size}, stride={self.stride}{padded}"

    def _options(self) -> dict[str, Any]:
        return {"ceil_mode": self.ceil_mode}


class _AvgPool(_Pool):
    """A window to average over.

    Args:
        kernel_size: size of the window, one number or one for each dimension.
        stride: how far the window moves; by its own size if None.
        padding: how many zeros surround the input, at most half a window.
        ceil_mode: also take a last window that reaches over the edge.
        count_include_pad: whether the zeros count as elements.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        *,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        """Read the sizes."""
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode)
        self.count_include_pad = count_include_pad

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"count_include_pad": self.count_include_pad}


class AvgPool2d(_AvgPool):
    """Average over windows; see `functional.avg_pool2d`. Source: `torch.nn.AvgPool2d`."""

    count = 2
    function = staticmethod(avg_pool2d)


class AvgPool1d(_AvgPool):
    """Average over windows of sequences. Source: `torch.nn.AvgPool1d`."""

    count = 1
    function = staticmethod(avg_pool1d)


class MaxPool2d(_Pool):
    """Maximum over windows; see `functional.max_pool2d`. Source: `torch.nn.MaxPool2d`."""

    count = 2
    function = staticmethod(max_pool2d)


class MaxPool1d(_Pool):
    """Maximum over windows of sequences. Source: `torch.nn.MaxPool1d`."""

    count = 1
    function = staticmethod(max_pool1d)


class AdaptiveAvgPool2d(Module):
    """Average to a given size; see `functional.adaptive_avg_pool2d`.

    Args:
        output_size: (OH, OW), or one number for both; None keeps the size of the input.

    Source: `torch.nn.AdaptiveAvgPool2d`.
    """

    def __init__(self, output_size: OutputSize) -> None:
        """Keep the size."""
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, OH, OW)."""
        return adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """Show the size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(Module):
    """Average sequences to a given length. Source: `torch.nn.AdaptiveAvgPool1d`.

    Args:
        output_size: the length.
    """

    def __init__(self, output_size: int) -> None:
        """Keep the length."""
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, L) to (N, C, output_size)."""
        return adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        """Show the length."""
        return f"output_size={self.output_size}"
