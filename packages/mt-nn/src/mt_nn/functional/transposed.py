"""Transposed convolution: the adjoint of convolution, which spreads instead of gathering.

Where `conv2d` maps images to results, its transpose maps something of the shape of the results to
something of the shape of the images. So its forward is the backward of `conv2d` by its input, and
the other way round: there is no arithmetic of its own.
"""

from typing import Any

from mt_nn.arguments import Pair, Size, sizes
from mt_nn.functional.correlation import (
    Geometry,
    correlate,
    correlate_by_input,
    correlate_by_weight,
)
from mt_nn.functional.operands import check_bias, read_geometry, read_operands, shifted
from mt_tensor import Context, Function, ShapeError, Tensor

KERNELS = {1: "(C, O, K)", 2: "(C, O, KH, KW)"}


def conv_transpose2d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Spread each element of an image over a window, weighted by a kernel, and add up.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        weight: shape (C, O / groups, KH, KW).
        bias: shape (O,).
        stride: how far apart neighbours are spread.
        padding: how many rows and columns are cut off at the edges.
        output_padding: how many more there are below and right; less than the stride.
        groups: cut the channels into so many parts, each with kernels of its own.
        dilation: how far apart the elements of a window are.

    Returns:
        Shape (N, O, OH, OW) with `OH = (H - 1) SH - 2 PH + DH (KH - 1) + output_padding + 1`.

    Raises:
        ShapeError: the shapes do not fit, or the padding cuts everything off.
        DTypeError: the dtypes differ.
        ValueError: a size below 1, a padding below 0, or an output padding of a stride or more.

    Source: `torch.nn.functional.conv_transpose2d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    name = "conv_transpose2d"
    return _spread(name, 2, input, weight, bias, options, output_padding)


def conv_transpose1d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Spread each element of a sequence over a window; see `conv_transpose2d`.

    Args:
        input: shape (N, C, L), or (C, L) for one sequence.
        weight: shape (C, O / groups, K).
        bias: shape (O,).
        stride: as in `conv_transpose2d`.
        padding: as in `conv_transpose2d`.
        output_padding: as in `conv_transpose2d`.
        groups: as in `conv_transpose2d`.
        dilation: as in `conv_transpose2d`.

    Returns:
        Shape (N, O, OL).

    Raises:
        ShapeError: as in `conv_transpose2d`.
        DTypeError: as in `conv_transpose2d`.
        ValueError: as in `conv_transpose2d`.

    Source: `torch.nn.functional.conv_transpose1d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    name = "conv_transpose1d"
    return _spread(name, 1, input, weight, bias, options, output_padding)


class ConvTranspose2d(Function):
    """The adjoint of `Conv2d`."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, weight: Tensor, *, geometry: Geometry, size: Pair) -> Any:
        """Spread to images of `size`, saving both inputs."""
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        channels = weight.shape[1] * geometry.groups
        out = x.backend.allocate((x.shape[0], channels, *size), x.dtype)
        correlate_by_input(x.backend, out, x.data, weight.data, geometry)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Gather, as far as it is wanted."""
        x, weight = ctx.saved_values
        backend, grad = grad_output.backend, grad_output.data
        by_input = by_weight = None
        if ctx.needs_input_grad[0]:
            by_input = x._new(backend.allocate(x.shape, grad.dtype))
            correlate(backend, by_input.data, grad, weight.data, None, ctx.geometry)
        if ctx.needs_input_grad[1]:
            by_weight = x._new(backend.allocate(weight.shape, grad.dtype))
            correlate_by_weight(backend, by_weight.data, None, x.data, grad, ctx.geometry)
        return by_input, by_weight


def _spread(  # noqa: PLR0913, PLR0917
    operator: str,
    count: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    options: dict[str, Any],
    output_padding: Size,
) -> Tensor:
    images, kernels = read_operands(operator, KERNELS[count], input, weight, bias, options)
    _check_channels(operator, count, input, weight, options["groups"])
    check_bias(operator, bias, weight.shape[1] * options["groups"])
    geometry = read_geometry(operator, count, options)
    extra = sizes(operator, "output_padding", output_padding, count, least=0)
    size = _output_size(operator, images, kernels, geometry, (0, *extra)[-2:])
    spread: Tensor = ConvTranspose2d.apply(images, kernels, geometry=geometry, size=size)
    return shifted(spread, bias, input, count)


def _output_size(
    operator: str, x: Tensor, weight: Tensor, how: Geometry, extra: tuple[int, ...]
) -> Pair:
    if any(e >= s for e, s in zip(extra, how.stride, strict=True) if e):
        message = f"{operator}: output_padding {extra} must be less than the stride {how.stride}"
        raise ValueError(message)
    numbers = zip(
        x.shape[2:], weight.shape[2:], how.stride, how.padding, how.dilation, extra, strict=True
    )
    down, right = ((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in numbers)
    if min(down, right) < 1:
        message = (
            f"{operator}: input is {x.shape} and weight is {weight.shape}; padding {how.padding} "
            f"leaves a result of {down} x {right}"
        )
        raise ShapeError(message)
    return down, right


def _check_channels(operator: str, count: int, input: Tensor, weight: Tensor, groups: int) -> None:
    channels = input.shape[-count - 1]
    if channels != weight.shape[0] or channels % groups:
        message = (
            f"{operator}: input is {input.shape} and weight is {weight.shape}; "
            f"input.shape[{-count - 1}] = {channels} must equal weight.shape[0] = "
            f"{weight.shape[0]} and be a multiple of groups = {groups}"
        )
        raise ShapeError(message)
