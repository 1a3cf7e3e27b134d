"""Adaptive pooling: a result of a given size, whatever the size of the input."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mt_nn.arguments import Size, one_dtype, sizes
from mt_nn.functional.images import as_images, restored
from mt_tensor import Tensor, constant

OutputSize = int | None | Sequence[int | None]


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    r"""Average over OH x OW windows that cover the image evenly.

    Window $i$ of $O$ over $n$ elements reaches from $\lfloor i n / O \rfloor$ to
    $\lceil (i+1) n / O \rceil$. That is linear in the image: $Y = A_h X A_w^\top$, with the rows of
    $A$ averaging over one window each.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        output_size: (OH, OW), or one number for both; None keeps the size of the input.

    Returns:
        Shape (N, C, OH, OW).

    Raises:
        ShapeError: not 3 or 4 dimensions.
        DTypeError: the input does not hold floats.
        ValueError: a size below 1.

    Source: `torch.nn.functional.adaptive_avg_pool2d`.
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool1d(input: Tensor, output_size: Size) -> Tensor:
    """Average over OL windows that cover a sequence (N, C, L) or (C, L) evenly.

    Source: `torch.nn.functional.adaptive_avg_pool1d`.
    """
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def _adaptive(operator: str, count: int, input: Tensor, output_size: OutputSize) -> Tensor:
    one_dtype(operator, input=input)
    images = as_images(operator, input, count)
    wanted = _wanted(operator, images.shape[-count:], output_size)
    averages = images @ _averaging(images.shape[3], wanted[-1], images).permute(1, 0)
    if count == 2:  # noqa: PLR2004
        averages = _averaging(images.shape[2], wanted[0], images) @ averages
    return restored(averages, input, count)


def _wanted(operator: str, image: tuple[int, ...], output_size: OutputSize) -> tuple[int, ...]:
    listed = output_size if isinstance(output_size, Sequence) else (output_size,) * len(image)
    kept = tuple(n if o is None else o for o, n in zip(listed, image, strict=False))
    known = kept if len(listed) == len(image) else tuple(o or 0 for o in listed)
    return sizes(operator, "output_size", known, len(image))


def _averaging(n: int, windows: int, like: Tensor) -> Tensor:
    """Return the matrix (windows, n) whose rows average over one window each."""
    ordinal = np.arange(windows)
    first, last = ordinal * n // windows, -(-(ordinal + 1) * n // windows)
    place: Any = np.arange(n)
    inside = (place >= first[:, None]) & (place < last[:, None])
    return constant((inside / (last - first)[:, None]).astype(like.dtype), like.backend)
