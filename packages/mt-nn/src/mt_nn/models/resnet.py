"""A small residual network for small images: blocks that add to what came before them.

Notation: N images of C channels and H x W pixels; stages of blocks, each stage with more channels
and half the height and width of the one before.
"""

from collections.abc import Sequence
from typing import Any

from mt_nn.functional import log_softmax
from mt_nn.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Linear, ModuleList, Sequential
from mt_operators import Module
from mt_tensor import Backend, Generator, Tensor


class BasicBlock(Module):
    """Two convolutions, added to a shortcut past them.

    The shortcut is the input itself, or a projection of it where the shape changes.

    Args:
        channels: of the input.
        width: channels of the result.
        stride: 2 halves height and width.
        generator: where the initial values come from.
        home: backend and dtype of the parameters.
    """

    def __init__(
        self, channels: int, width: int, stride: int, *, generator: Generator | None, **home: Any
    ) -> None:
        """Draw the initial kernels."""
        plain: dict[str, Any] = {"bias": False, "generator": generator, **home}
        self.conv1 = Conv2d(channels, width, 3, stride, padding=1, **plain)
        self.norm1 = BatchNorm2d(width, **home)
        self.conv2 = Conv2d(width, width, 3, padding=1, **plain)
        self.norm2 = BatchNorm2d(width, **home)
        self.projection = None
        if stride > 1 or channels != width:
            change = Conv2d(channels, width, 1, stride, **plain)
            self.projection = Sequential(change, BatchNorm2d(width, **home))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to (N, width, H / stride, W / stride), rounded up."""
        shortcut: Tensor = x if self.projection is None else self.projection(x)
        change: Tensor = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
        return (change + shortcut).relu()


class ResNet(Module):
    """Classify images of any size; 77,754 parameters by default.

    Args:
        channels: of the images.
        classes: how many there are.
        widths: channels of each stage.
        blocks: how many in each stage.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from.

    Source: He et al., Deep residual learning for image recognition, 2016, section 4.2.
    """

    def __init__(  # noqa: PLR0913
        self,
        channels: int = 1,
        classes: int = 10,
        *,
        widths: Sequence[int] = (16, 32, 64),
        blocks: int = 1,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        home: dict[str, Any] = {"backend": backend, "dtype": dtype}
        first = widths[0]
        self.conv = Conv2d(channels, first, 3, padding=1, bias=False, generator=generator, **home)
        self.norm = BatchNorm2d(first, **home)
        inputs = [first] + [width for width in widths for _ in range(blocks)]
        strides = [2 if i and not j else 1 for i in range(len(widths)) for j in range(blocks)]
        shapes = zip(inputs, inputs[1:], strides, strict=False)
        self.blocks = ModuleList(
            BasicBlock(*shape, generator=generator, **home) for shape in shapes
        )
        self.pool = AdaptiveAvgPool2d(1)
        self.output = Linear(widths[-1], classes, generator=generator, **home)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, channels, H, W) to logarithms of probabilities (N, classes)."""
        x = self.norm(self.conv(images)).relu()
        for block in self.blocks:
            x = block(x)
        return log_softmax(self.output(self.pool(x).flatten(1)), dim=1)
