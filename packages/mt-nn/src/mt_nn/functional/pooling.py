"""Pooling: one number for each window of an image."""

from typing import Any

from mt_nn.arguments import Pair, Size, dimensions, one_dtype, pair
from mt_tensor import Context, Function, ShapeError, Tensor


def avg_pool2d(input: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
    """Average over windows.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        kernel_size: size of the window, one number or (high, wide).
        stride: how far the window moves; by its own size if None, so that windows do not overlap.

    Returns:
        Shape (N, C, OH, OW) with `OH = (H - KH) // SH + 1`: what does not fill a window at the
        lower or right edge is left out.

    Raises:
        ShapeError: not 3 or 4 dimensions, or the window is larger than the image.
        DTypeError: the input does not hold floats.
        ValueError: a size below 1.

    Source: `torch.nn.functional.avg_pool2d`.
    """
    return _pool("avg_pool2d", AvgPool2d, input, kernel_size, stride)


def max_pool2d(input: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
    """Take the maximum over windows; its gradient goes to the first of equal maxima.

    Arguments, result and errors as in `avg_pool2d`. A nan in a window is its maximum.

    Source: `torch.nn.functional.max_pool2d`.
    """
    return _pool("max_pool2d", MaxPool2d, input, kernel_size, stride)


class AvgPool2d(Function):
    """Average over windows, by the kernels of the backend."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, kernel: Pair, stride: Pair) -> Any:
        """Average; nothing but the shape needs saving."""
        ctx.shape = x.shape
        ctx.geometry = (kernel, stride)
        out = x.backend.allocate(_shape(x, kernel, stride), x.dtype)
        x.backend.avg_pool2d(out, x.data, kernel, stride)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Give each element of a window an equal share."""
        out = grad_output.backend.allocate(ctx.shape, grad_output.dtype)
        grad_output.backend.avg_pool2d_by_input(out, grad_output.data, *ctx.geometry)
        return grad_output._new(out)


class MaxPool2d(Function):
    """Maximum over windows, by the kernels of the backend."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, kernel: Pair, stride: Pair) -> Any:
        """Take the maxima, saving the images."""
        ctx.save_for_backward(x)
        ctx.geometry = (kernel, stride)
        out = x.backend.allocate(_shape(x, kernel, stride), x.dtype)
        x.backend.max_pool2d(out, x.data, kernel, stride)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        """Give the gradient of a window to its first maximum."""
        (x,) = ctx.saved_values
        out = grad_output.backend.allocate(x.shape, grad_output.dtype)
        grad_output.backend.max_pool2d_by_input(out, grad_output.data, x.data, *ctx.geometry)
        return grad_output._new(out)


def _pool(
    operator: str, function: type[Function], input: Tensor, size: Size, stride: Size | None
) -> Tensor:
    dimensions(operator, input, (3, 4), "(C, H, W) or (N, C, H, W)")
    one_dtype(operator, input=input)
    kernel = pair(operator, "kernel_size", size)
    steps = kernel if stride is None else pair(operator, "stride", stride)
    for n, k in zip(input.shape[-2:], kernel, strict=True):
        if k > n:
            message = f"{operator}: kernel_size {kernel} is larger than the image of {input.shape}"
            raise ShapeError(message)
    images = input if input.ndim == 4 else input.unsqueeze(0)  # noqa: PLR2004
    result: Tensor = function.apply(images, kernel=kernel, stride=steps)
    return result if input.ndim == 4 else result.squeeze(0)  # noqa: PLR2004


def _shape(x: Tensor, kernel: Pair, stride: Pair) -> tuple[int, ...]:
    sizes = zip(x.shape[2:], kernel, stride, strict=True)
    return (*x.shape[:2], *((n - k) // s + 1 for n, k, s in sizes))
