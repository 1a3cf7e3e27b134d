"""Convolution, as deep learning means it: cross-correlation of images with trained kernels."""

from typing import Any

from mt_nn.arguments import Pair, Size, dimensions, one_dtype, pair
from mt_tensor import Context, Function, ShapeError, Tensor


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
) -> Tensor:
    r"""Correlate images with kernels.

    $y_{n o h w} = b_o + \sum_{c i j} w_{o c i j}\, x_{n, c, h s_h + i - p_h, w s_w + j - p_w}$,
    where $x$ is 0 outside of the image.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        weight: shape (O, C, KH, KW).
        bias: shape (O,).
        stride: how far the kernel moves, one number or (down, right).
        padding: how many zeros surround the image, one number or (above and below, left and right).

    Returns:
        Shape (N, O, OH, OW) with `OH = (H + 2 PH - KH) // SH + 1`, in
        $2\, N\, O\, OH\, OW\, C\, KH\, KW$ FLOPs.

    Raises:
        ShapeError: the shapes do not fit, or the kernel is larger than the padded image.
        DTypeError: the dtypes differ.
        ValueError: a stride below 1, or a padding below 0.

    Source: `torch.nn.functional.conv2d`.
    """
    dimensions("conv2d", input, (3, 4), "(C, H, W) or (N, C, H, W)")
    if input.ndim == 3:  # noqa: PLR2004
        return conv2d(input.unsqueeze(0), weight, bias, stride, padding).squeeze(0)
    steps, zeros = pair("conv2d", "stride", stride), pair("conv2d", "padding", padding, least=0)
    _check(input, weight, bias, zeros)
    result: Tensor = Conv2d.apply(input, weight, stride=steps, padding=zeros)
    return result if bias is None else result + bias.view(-1, 1, 1)


class Conv2d(Function):
    """Correlation of images with kernels, by the kernels of their backend."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, weight: Tensor, *, stride: Pair, padding: Pair) -> Any:
        """Correlate, saving both."""
        ctx.save_for_backward(x, weight)
        ctx.geometry = (stride, padding)
        sizes = zip(x.shape[2:], weight.shape[2:], stride, padding, strict=True)
        image = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in sizes)
        out = x.backend.allocate((x.shape[0], weight.shape[0], *image), x.dtype)
        x.backend.conv2d(out, x.data, weight.data, stride, padding)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Pull the gradient back to the images and to the kernels, as far as it is wanted."""
        x, weight = ctx.saved_values
        wanted = (_by_input, _by_weight)
        return tuple(
            pull(grad_output, x, weight, ctx.geometry) if needed else None
            for pull, needed in zip(wanted, ctx.needs_input_grad, strict=True)
        )


def _by_input(grad: Tensor, x: Tensor, weight: Tensor, geometry: tuple[Pair, Pair]) -> Tensor:
    out = grad.backend.allocate(x.shape, grad.dtype)
    grad.backend.conv2d_by_input(out, grad.data, weight.data, *geometry)
    return grad._new(out)


def _by_weight(grad: Tensor, x: Tensor, weight: Tensor, geometry: tuple[Pair, Pair]) -> Tensor:
    out = grad.backend.allocate(weight.shape, grad.dtype)
    grad.backend.conv2d_by_weight(out, grad.data, x.data, *geometry)
    return grad._new(out)


def _check(input: Tensor, weight: Tensor, bias: Tensor | None, padding: Pair) -> None:
    one_dtype("conv2d", input=input, weight=weight, bias=bias)
    facts = f"conv2d: input is {input.shape} and weight is {weight.shape}"
    if weight.ndim != 4:  # noqa: PLR2004
        message = f"{facts}; weight must have 4 dimensions, as (O, C, KH, KW)"
        raise ShapeError(message)
    if input.shape[1] != weight.shape[1]:
        message = (
            f"{facts}; input.shape[1] = {input.shape[1]} must equal "
            f"weight.shape[1] = {weight.shape[1]}"
        )
        raise ShapeError(message)
    for d, p in zip((2, 3), padding, strict=True):
        if weight.shape[d] > input.shape[d] + 2 * p:
            message = (
                f"{facts}; weight.shape[{d}] = {weight.shape[d]} is larger than the padded "
                f"image, {input.shape[d]} + 2 * {p}"
            )
            raise ShapeError(message)
    if bias is not None and bias.shape != weight.shape[:1]:
        message = f"{facts}; bias is {bias.shape} and must be ({len(weight)},)"
        raise ShapeError(message)
