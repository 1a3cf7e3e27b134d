"""Convolutional layers, over images and over sequences."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

from mt_nn.arguments import Size, positive, sizes
from mt_nn.functional import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from mt_nn.functional.operands import Padding, check_named_padding
from mt_nn.init import kaiming_uniform_
from mt_nn.layers.linear import fan_in_bias
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, ShapeError, Tensor, zeros


class _Convolution(Module):
    r"""What all of them have: kernels, their geometry, and a bias.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the result.
        kernel_size: one number or one for each dimension.
        stride: how far the kernel moves.
        padding: how many zeros surround the input, or `"same"` or `"valid"`.
        dilation: how far apart the elements are that a kernel reads.
        groups: into how many parts the channels are cut; it divides both counts of channels.
        bias: whether to add a number to each output channel.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from.

    Attributes:
        weight: the kernels, uniform in $\pm 1/\sqrt{\text{fan-in}}$ at first.
        bias: shape (out_channels,), drawn likewise; or None.

    Raises:
        ValueError: a size below 1, a padding below 0, or groups that do not divide the channels.
    """

    count: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial kernels."""
        self._keep(in_channels, out_channels, groups)
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.stride = self._sizes("stride", stride)
        self.padding = self._read_padding(padding)
        self.dilation = self._sizes("dilation", dilation)
        weight = zeros(*self._channels(), *self.kernel_size, dtype=dtype, backend=backend)
        self.weight = Parameter(kaiming_uniform_(weight, math.sqrt(5.0), generator=generator))
        self.bias = fan_in_bias(weight, generator, out_channels) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, in_channels, ...) to (N, out_channels, ...).

        Raises:
            ShapeError: other channels than `in_channels`, or a kernel larger than the padded input.
        """
        if input.shape[-self.count - 1 : -self.count] != (self.in_channels,):
            layout = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)"}[self.count]
            message = (
                f"{self!r}: input is {input.shape} and weight is {self.weight.value.shape}; it "
                f"must be {layout} with C = in_channels = {self.in_channels}"
            )
            raise ShapeError(message)
        bias = None if self.bias is None else self.bias.value
        return type(self).function(input, self.weight.value, bias, **self._geometry())

    def extra_repr(self) -> str:
        """Show the sizes, as far as they are not the default."""
        facts = [str(self.in_channels), str(self.out_channels), f"kernel_size={self.kernel_size}"]
        for name, value in self._geometry().items():
            default = (0 if "padding" in name else 1,) * self.count
            if name == "stride" or value not in (default, 1):
                facts.append(f"{name}={value!r}")
        return ", ".join(facts + ([] if self.bias else ["bias=False"]))

    def _read_padding(self, padding: Padding) -> Padding:
        if not isinstance(padding, str):
            return self._sizes("padding", padding, least=0)
        check_named_padding(type(self).__name__, padding, self.stride)
        return padding

    def _geometry(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def _channels(self) -> tuple[int, int]:
        return self.out_channels, self.in_channels // self.groups

    def _keep(self, in_channels: int, out_channels: int, groups: int) -> None:
        name = type(self).__name__
        positive(name, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            message = (
                f"{name}: in_channels = {in_channels} and out_channels = {out_channels} must both "
                f"be multiples of groups = {groups}"
            )
            raise ValueError(message)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups

    def _sizes(self, name: str, value: Size, least: int = 1) -> tuple[int, ...]:
        return sizes(type(self).__name__, name, value, self.count, least)


class Conv2d(_Convolution):
    """Slide trained kernels over images; see `functional.conv2d`. Source: `torch.nn.Conv2d`."""

    count = 2
    function = staticmethod(conv2d)


class Conv1d(_Convolution):
    """Slide trained kernels over sequences; see `functional.conv1d`. Source: `torch.nn.Conv1d`."""

    count = 1
    function = staticmethod(conv1d)


class _Transposed(_Convolution):
    """The other direction: see `functional.conv_transpose2d`.

    Args:
        output_padding: how many elements more the result has at its end; less than the stride.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,  # noqa: FBT001, FBT002
        dilation: Size = 1,
        **where: Any,
    ) -> None:
        """Draw the initial kernels."""
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, **where
        )
        self.output_padding = self._sizes("output_padding", output_padding, least=0)

    def _geometry(self) -> dict[str, Any]:
        return super()._geometry() | {"output_padding": self.output_padding}

    def _channels(self) -> tuple[int, int]:
        return self.in_channels, self.out_channels // self.groups


class ConvTranspose2d(_Transposed):
    """Spread images by trained kernels. Source: `torch.nn.ConvTranspose2d`."""

    count = 2
    function = staticmethod(conv_transpose2d)


class ConvTranspose1d(_Transposed):
    """Spread sequences by trained kernels. Source: `torch.nn.ConvTranspose1d`."""

    count = 1
    function = staticmethod(conv_transpose1d)
