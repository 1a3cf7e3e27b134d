"""Functions that surround, cut and mask tensors."""

from collections.abc import Sequence

import numpy as np

from mt_tensor.creation import constant
from mt_tensor.errors import ShapeError
from mt_tensor.functions.padding import Pad
from mt_tensor.tensor import Tensor


def pad(a: Tensor, widths: Sequence[int], value: float = 0.0) -> Tensor:
    """Surround with a constant, as `torch.nn.functional.pad` with `mode="constant"`.

    Args:
        a: any shape.
        widths: (before, after) of the last dimension, then of the one before it, and so on.
        value: the constant.

    Raises:
        ShapeError: an odd number of widths, more pairs than dimensions, or a negative width.

    >>> from mt_tensor import ones
    >>> pad(ones(1, 2), (1, 0)).tolist()
    [[0.0, 1.0, 1.0]]
    """
    pairs = list(zip(widths[::2], widths[1::2], strict=False))
    if len(widths) % 2 or len(pairs) > a.ndim or min(widths, default=0) < 0:
        message = (
            f"pad: {tuple(widths)} for {a.shape}; give pairs (before, after) of non-negative "
            "widths, from the last dimension on"
        )
        raise ShapeError(message)
    around = ((0, 0),) * (a.ndim - len(pairs)) + tuple(reversed(pairs))
    return Pad.apply(a, widths=around, value=value)  # type: ignore[no-any-return]


def tril(a: Tensor, diagonal: int = 0) -> Tensor:
    r"""Keep the lower triangle of matrices, 0 elsewhere: entries $(i, j)$ with $j - i \le d$.

    Raises:
        ShapeError: fewer than two dimensions.
    """
    return a.where(constant(_offsets("tril", a) <= diagonal, a.backend), 0.0)


def triu(a: Tensor, diagonal: int = 0) -> Tensor:
    r"""Keep the upper triangle of matrices, 0 elsewhere: entries $(i, j)$ with $j - i \ge d$.

    Raises:
        ShapeError: fewer than two dimensions.
    """
    return a.where(constant(_offsets("triu", a) >= diagonal, a.backend), 0.0)


def _offsets(name: str, a: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    if a.ndim < 2:  # noqa: PLR2004
        message = f"{name}: {a.shape} is not a matrix or a batch of them"
        raise ShapeError(message)
    rows, columns = a.shape[-2:]
    return np.arange(columns) - np.arange(rows)[:, None]
