r"""Convolution, as deep learning means it: cross-correlation of images with trained kernels.

$y_{n o h w} = b_o + \sum_{c i j} w_{o c i j}\, x_{n, c, h s_h + i d_h - p_h, w s_w + j d_w - p_w}$,
where $x$ is 0 outside of the image. A sequence is an image of one row.
"""

from typing import Any, Literal

from mt_nn.arguments import Size, sizes
from mt_nn.functional.correlation import (
    Geometry,
    correlate,
    correlate_by_input,
    correlate_by_weight,
)
from mt_nn.functional.operands import (
    check_bias,
    check_named_padding,
    read_geometry,
    read_operands,
    shifted,
)
from mt_nn.functional.padding import pad
from mt_tensor import Context, Function, ShapeError, Tensor

Padding = Size | Literal["same", "valid"]

KERNELS = {1: "(O, C, K)", 2: "(O, C, KH, KW)"}


def conv2d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    r"""Correlate images with kernels.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        weight: shape (O, C / groups, KH, KW).
        bias: shape (O,).
        stride: how far the kernel moves, one number or (down, right).
        padding: how many zeros surround the image, one number or (above and below, left and right);
            `"valid"` for none; `"same"` for a result of the size of the image, which needs stride 1
            and puts an odd zero below or right.
        dilation: how far apart the elements are that a kernel reads.
        groups: cut the channels into so many parts, and correlate each with kernels of its own.

    Returns:
        Shape (N, O, OH, OW) with `OH = (H + 2 PH - DH (KH - 1) - 1) // SH + 1`, in
        $2\, N\, O\, OH\, OW\, KH\, KW\, C / \text{groups}$ FLOPs.

    Raises:
        ShapeError: the shapes do not fit, or the kernel is larger than the padded image.
        DTypeError: the dtypes differ.
        ValueError: a size below 1, a padding below 0, or `"same"` with a stride.

    Source: `torch.nn.functional.conv2d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _convolve("conv2d", 2, input, weight, bias, options)


def conv1d(  # noqa: PLR0913, PLR0917  PyTorch's signature
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Correlate sequences with kernels.

    Args:
        input: shape (N, C, L), or (C, L) for one sequence.
        weight: shape (O, C / groups, K).
        bias: shape (O,).
        stride: as in `conv2d`.
        padding: as in `conv2d`.
        dilation: as in `conv2d`.
        groups: as in `conv2d`.

    Returns:
        Shape (N, O, OL).

    Raises:
        ShapeError: as in `conv2d`.
        DTypeError: as in `conv2d`.
        ValueError: as in `conv2d`.

    Source: `torch.nn.functional.conv1d`.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _convolve("conv1d", 1, input, weight, bias, options)


class Conv2d(Function):
    """Correlation of images with kernels, by the kernels of their backend."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, weight: Tensor, *, geometry: Geometry) -> Any:
        """Correlate, saving both."""
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        size = geometry.output_size(x.shape[2:], weight.shape[2:])
        out = x.backend.allocate((x.shape[0], weight.shape[0], *size), x.dtype)
        correlate(x.backend, out, x.data, weight.data, geometry)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Pull the gradient back to the images and to the kernels, as far as it is wanted."""
        x, weight = ctx.saved_values
        backend, grad = grad_output.backend, grad_output.data
        by_input = by_weight = None
        if ctx.needs_input_grad[0]:
            by_input = x._new(backend.allocate(x.shape, grad.dtype))
            correlate_by_input(backend, by_input.data, grad, weight.data, ctx.geometry)
        if ctx.needs_input_grad[1]:
            by_weight = x._new(backend.allocate(weight.shape, grad.dtype))
            correlate_by_weight(backend, by_weight.data, grad, x.data, ctx.geometry)
        return by_input, by_weight


def _convolve(  # noqa: PLR0913, PLR0917
    operator: str,
    count: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    options: dict[str, Any],
) -> Tensor:
    images, kernels = read_operands(operator, KERNELS[count], input, weight, bias, options)
    _check_channels(operator, count, input, weight, options["groups"])
    check_bias(operator, bias, weight.shape[0])
    if isinstance(options["padding"], str):
        images, options = _spelled_out(operator, count, images, weight, options)
    geometry = read_geometry(operator, count, options)
    _check_size(operator, input, images, weight, geometry)
    return shifted(Conv2d.apply(images, kernels, geometry=geometry), bias, input, count)


def _spelled_out(
    operator: str, count: int, images: Tensor, weight: Tensor, options: dict[str, Any]
) -> tuple[Tensor, dict[str, Any]]:
    """Pad for `"same"`, and say the padding that is left as a number."""
    name, stride = options["padding"], sizes(operator, "stride", options["stride"], count)
    check_named_padding(operator, name, stride)
    if name == "valid":
        return images, options | {"padding": 0}
    dilation = sizes(operator, "dilation", options["dilation"], count)
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    odd = [total % 2 for total in totals]
    if any(odd):
        images = pad(images, [n for extra in reversed(odd) for n in (0, extra)])
    return images, options | {"padding": tuple(total // 2 for total in totals)}


def _check_channels(operator: str, count: int, input: Tensor, weight: Tensor, groups: int) -> None:
    if weight.shape[0] % groups or input.shape[-count - 1] != weight.shape[1] * groups:
        parts = "" if groups == 1 else f" in {groups} groups"
        message = (
            f"{operator}: input is {input.shape} and weight is {weight.shape}{parts}; "
            f"input.shape[{-count - 1}] = {input.shape[-count - 1]} must equal "
            f"weight.shape[1] = {weight.shape[1]}"
            + ("" if groups == 1 else f" times {groups}, which must divide {weight.shape[0]}")
        )
        raise ShapeError(message)


def _check_size(
    operator: str, input: Tensor, images: Tensor, weight: Tensor, geometry: Geometry
) -> None:
    for axis in range(2 - weight.ndim, 0):
        n, k = images.shape[axis], weight.shape[axis]
        p, d = geometry.padding[axis], geometry.dilation[axis]
        if d * (k - 1) + 1 > n + 2 * p:
            reach = f"{k}" if d == 1 else f"{k}, dilated {d * (k - 1) + 1},"
            message = (
                f"{operator}: input is {input.shape} and weight is {weight.shape}; "
                f"weight.shape[{axis}] = {reach} is larger than the padded input, {n} + 2 * {p}"
            )
            raise ShapeError(message)
