"""Dropout: silencing neurons at random, so that none relies on another."""

import numpy as np

from mt_nn.arguments import one_dtype, probability
from mt_tensor import Generator, Tensor, default_generator, tensor


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
        generator: where the choice comes from; the library's own if None. It draws one float32 for
            each element whatever the dtype, so a seed drops the same elements in all of them.

    Raises:
        ValueError: `p` is not between 0 and 1.
        DTypeError: the input does not hold floats.

    Source: `torch.nn.functional.dropout`; Srivastava et al., 2014.
    """
    one_dtype("dropout", input=input)
    probability("dropout", "p", p)
    if not training or p == 0.0:
        return input
    drawn = (generator or default_generator).numpy.random(input.shape, dtype=np.float32)
    scale = 0.0 if p == 1.0 else 1.0 / (1.0 - p)
    mask = np.multiply(drawn >= p, scale, dtype=input.dtype)
    return input * tensor(mask, backend=input.backend)
