r"""Softmax and its kin: $\mathrm{softmax}(x)_i = e^{x_i} / \sum_j e^{x_j}$.

All of them subtract the maximum first, which changes nothing but keeps $e^x$ finite.
"""

from typing import Any

from mt_nn.arguments import one_dtype
from mt_tensor import Context, Function, ShapeError, Tensor


def log_softmax(input: Tensor, dim: int) -> Tensor:
    r"""Return $x_i - \ln \sum_j e^{x_j}$ along a dimension.

    Args:
        input: any shape of at least one dimension.
        dim: the dimension of the classes; none may be empty.

    Returns:
        The same shape: logarithms of probabilities that sum to 1 along `dim`.

    Raises:
        ShapeError: `dim` is out of range.
        DTypeError: the input does not hold floats.

    Source: `torch.nn.functional.log_softmax`.
    """
    axis = _axis("log_softmax", input, dim)
    return LogSoftmax.apply(input, axis=axis)  # type: ignore[no-any-return]


def softmax(input: Tensor, dim: int) -> Tensor:
    r"""Return $e^{x_i} / \sum_j e^{x_j}$ along a dimension: arguments as in `log_softmax`.

    Source: `torch.nn.functional.softmax`.
    """
    axis = _axis("softmax", input, dim)
    return LogSoftmax.apply(input, axis=axis).exp()  # type: ignore[no-any-return]


def logsumexp(input: Tensor, dim: int, *, keepdim: bool = True) -> Tensor:
    r"""Return $\ln \sum_j e^{x_j}$ along a dimension, which keeps size 1 unless `keepdim` is False.

    Raises:
        ShapeError: `dim` is out of range.
        DTypeError: the input does not hold floats.

    Source: `torch.logsumexp`.
    """
    axis = _axis("logsumexp", input, dim)
    return input.logsumexp(axis, keepdim=keepdim)


class LogSoftmax(Function):
    """Logarithm of softmax along an axis, by the kernels of the backend."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, *, axis: int) -> Any:
        """Normalise, saving the result: it is all that the gradient depends on."""
        backend, data = x.backend, x.data
        out = backend.allocate(data.shape, data.storage.dtype)
        backend.log_softmax(out, data, axis)
        result = x._new(out)
        ctx.save_for_backward(result)
        ctx.axis = axis
        return result

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Any:
        r"""Return $\bar y_i - e^{y_i} \sum_j \bar y_j$."""
        (y,) = ctx.saved_values
        out = y.backend.allocate(y.shape, y.dtype)
        y.backend.log_softmax_by_input(out, grad_output.data, y.data, ctx.axis)
        return y._new(out)


def _axis(operator: str, input: Tensor, dim: int) -> int:
    if not -input.ndim <= dim < input.ndim:
        message = f"{operator}: dim {dim} is out of range for an input of {input.shape}"
        raise ShapeError(message)
    one_dtype(operator, input=input)
    return dim % input.ndim
