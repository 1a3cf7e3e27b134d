r"""Softmax and its kin: $\mathrm{softmax}(x)_i = e^{x_i} / \sum_j e^{x_j}$.

All of them subtract the maximum first, which changes nothing but keeps $e^x$ finite.
"""

from typing import Any, NamedTuple

from mt_nn.arguments import one_dtype
from mt_tensor import Backend, ShapeError, Tensor, TensorData
from mt_tensor.functions.rule import DataRule, Shares, recorded


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
    return _normalized(input, _axis("log_softmax", input, dim))


def softmax(input: Tensor, dim: int) -> Tensor:
    r"""Return $e^{x_i} / \sum_j e^{x_j}$ along a dimension: arguments as in `log_softmax`.

    Source: `torch.nn.functional.softmax`.
    """
    return _normalized(input, _axis("softmax", input, dim)).exp()


def logsumexp(input: Tensor, dim: int, *, keepdim: bool = True) -> Tensor:
    r"""Return $\ln \sum_j e^{x_j}$ along a dimension, which keeps size 1 unless `keepdim` is False.

    Raises:
        ShapeError: `dim` is out of range.
        DTypeError: the input does not hold floats.

    Source: `torch.logsumexp`.
    """
    axis = _axis("logsumexp", input, dim)
    return input.logsumexp(axis, keepdim=keepdim)


class LogSoftmax(DataRule):
    """Logarithm of softmax along an axis, by the kernels of the backend."""

    __name__ = "LogSoftmax"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: Backend
    ) -> Shares:
        r"""Give $\bar y_i - e^{y_i} \sum_j \bar y_j$."""
        y, axis = saved
        out = backend.allocate(y.shape, y.storage.dtype)
        backend.log_softmax_by_input(out, grad, y, axis)
        return [(inputs[0], out)]


LOG_SOFTMAX = LogSoftmax()


class Normalized(NamedTuple):
    """What the gradient depends on: the result, and along which axis it is normalised."""

    y: TensorData
    axis: int


def _normalized(x: Tensor, axis: int) -> Tensor:
    backend, data = x.backend, x.data
    y = backend.allocate(data.shape, data.storage.dtype)
    backend.log_softmax(y, data, axis)
    return recorded(LOG_SOFTMAX, y, (x,), Normalized(y, axis))


def _axis(operator: str, input: Tensor, dim: int) -> int:
    if not -input.ndim <= dim < input.ndim:
        message = f"{operator}: dim {dim} is out of range for an input of {input.shape}"
        raise ShapeError(message)
    one_dtype(operator, input=input)
    return dim % input.ndim
