"""Dropout: silencing neurons at random, so that none relies on another."""

from typing import Any

from mt_nn.arguments import one_dtype, probability
from mt_tensor import Backend, Generator, Tensor, TensorData, default_generator, live
from mt_tensor.functions.rule import DataRule, Shares, recorded


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,  # noqa: FBT001, FBT002  PyTorch's signature
    generator: Generator | None = None,
) -> Tensor:
    """Set each element to 0 with probability `p`, and scale the others by `1 / (1 - p)`.

    The expected value of every element stays as it was, so nothing is to be done when the network
    is used: with `training=False` this is the identity.

    Args:
        input: any shape.
        p: the probability of a zero.
        training: whether to drop anything.
        generator: where the choice comes from; the library's own if None. It draws one key for
            each call, so a seed drops the same elements in every dtype and on every backend.

    Raises:
        ValueError: `p` is not between 0 and 1.
        DTypeError: the input does not hold floats.

    Source: `torch.nn.functional.dropout`; Srivastava et al., 2014.
    """
    one_dtype("dropout", input=input)
    probability("dropout", "p", p)
    if not training or p == 0.0:
        return input
    key = live((generator or default_generator).key)
    return recorded(DROP, _dropped(input.backend, input.data, p, key), (input,), (p, key))


class Drop(DataRule):
    """Dropout; its adjoint drops the same elements of the gradient."""

    __name__ = "Drop"

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: Backend
    ) -> Shares:
        """Drop them again: asking the key costs less than keeping a mask."""
        return [(inputs[0], _dropped(backend, grad, *saved))]


DROP = Drop()


def _dropped(backend: Backend, a: TensorData, p: float, key: int) -> TensorData:
    out = backend.allocate(a.shape, a.storage.dtype)
    backend.dropout(out, a, p, key)
    return out
