"""Padding, by PyTorch's name and arguments."""

from collections.abc import Sequence
from typing import Literal

import mt_tensor
from mt_tensor import Tensor


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: Literal["constant"] = "constant",
    value: float = 0.0,
) -> Tensor:
    """Surround a tensor with a value.

    Args:
        input: any shape.
        pad: how many before and after, from the last dimension backwards:
            `(left, right, above, below)` for an image.
        mode: there is only the one.
        value: what to put there.

    Returns:
        Each dimension larger by its two numbers.

    Raises:
        ShapeError: an odd count of numbers, more than the dimensions have, or one below 0.
        ValueError: another mode.

    Source: `torch.nn.functional.pad`.
    """
    if mode != "constant":
        message = f"pad: mode must be 'constant', not {mode!r}"
        raise ValueError(message)
    return mt_tensor.pad(input, pad, value)
