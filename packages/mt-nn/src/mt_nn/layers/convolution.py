"""The convolutional layer."""

import math
from typing import Any

from mt_nn.arguments import Size, pair, positive
from mt_nn.functional import conv2d
from mt_nn.init import kaiming_uniform_
from mt_nn.layers.linear import fan_in_bias
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, ShapeError, Tensor, zeros


class Conv2d(Module):
    r"""Slide trained kernels over images, and report how well each place matches.

    Args:
        in_channels: channels of the images.
        out_channels: how many kernels.
        kernel_size: one number or (high, wide).
        stride: how far the kernel moves.
        padding: how many zeros surround the image.
        bias: whether to add a number to each output channel.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from.

    Attributes:
        weight: shape (out_channels, in_channels, KH, KW), uniform in $\pm 1/\sqrt{\text{fan-in}}$
            at first.
        bias: shape (out_channels,), drawn likewise; or None.

    Raises:
        ValueError: a size or stride below 1, or a padding below 0.

    Source: `torch.nn.Conv2d`, initial distribution included.
    """

    def __init__(  # noqa: PLR0913  PyTorch's signature
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        *,
        bias: bool = True,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial kernels."""
        positive("Conv2d", in_channels=in_channels, out_channels=out_channels)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size)
        self.stride = pair("Conv2d", "stride", stride)
        self.padding = pair("Conv2d", "padding", padding, least=0)
        weight = zeros(out_channels, in_channels, *self.kernel_size, dtype=dtype, backend=backend)
        self.weight = Parameter(kaiming_uniform_(weight, math.sqrt(5.0), generator=generator))
        self.bias = fan_in_bias(weight, generator) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, OH, OW).

        Raises:
            ShapeError: other channels than `in_channels`, or a kernel larger than the padded image.
        """
        if input.shape[-3:-2] != (self.in_channels,):
            message = (
                f"{self!r}: input is {input.shape} and weight is {self.weight.value.shape}; it "
                f"must be (N, C, H, W) or (C, H, W) with C = in_channels = {self.in_channels}"
            )
            raise ShapeError(message)
        bias = None if self.bias is None else self.bias.value
        return conv2d(input, self.weight.value, bias, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Show the sizes."""
        facts = [str(self.in_channels), str(self.out_channels), f"kernel_size={self.kernel_size}"]
        facts.append(f"stride={self.stride}")
        facts += [f"padding={self.padding}"] if self.padding != (0, 0) else []
        facts += [] if self.bias else ["bias=False"]
        return ", ".join(facts)
