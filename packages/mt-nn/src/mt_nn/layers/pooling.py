"""Pooling layers: they shrink an image, and have nothing to train."""

from mt_nn.arguments import Size, pair
from mt_nn.functional import avg_pool2d, max_pool2d
from mt_operators import Module
from mt_tensor import Tensor


class _Pool2d(Module):
    """A window and its stride.

    Args:
        kernel_size: size of the window, one number or (high, wide).
        stride: how far the window moves; by its own size if None.

    Raises:
        ValueError: a size below 1.
    """

    def __init__(self, kernel_size: Size, stride: Size | None = None) -> None:
        """Read the sizes."""
        name = type(self).__name__
        self.kernel_size = pair(name, "kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else pair(name, "stride", stride)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class AvgPool2d(_Pool2d):
    """Average over windows; see `functional.avg_pool2d`. Source: `torch.nn.AvgPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, OH, OW)."""
        return avg_pool2d(input, self.kernel_size, self.stride)


class MaxPool2d(_Pool2d):
    """Maximum over windows; see `functional.max_pool2d`. Source: `torch.nn.MaxPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, OH, OW)."""
        return max_pool2d(input, self.kernel_size, self.stride)
