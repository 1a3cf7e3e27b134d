"""Joining tensors along a dimension that they have, or along a new one."""

from collections.abc import Sequence

from mt_tensor.dtypes import promote
from mt_tensor.errors import ShapeError
from mt_tensor.functions.joining import Cat
from mt_tensor.layout import normalize_axis
from mt_tensor.tensor import Tensor


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along a dimension that they have.

    Args:
        tensors: at least one; of one shape but for `dim`.
        dim: which dimension.

    Raises:
        ShapeError: there is none, they have no dimension, or another size differs.
        TypeError: one is no tensor.
    """
    _check("cat", tensors)
    first = tensors[0]
    axis = normalize_axis("cat", dim, first.ndim)
    for i, t in enumerate(tensors):
        others = zip(first.shape, t.shape, strict=False)
        if t.ndim != first.ndim or any(n != m for d, (n, m) in enumerate(others) if d != axis):
            message = (
                f"cat: tensor 0 is {first.shape} and tensor {i} is {t.shape}; all sizes but "
                f"that of dimension {axis} must be equal"
            )
            raise ShapeError(message)
    dtype = first.dtype
    for t in tensors:
        dtype = promote(dtype, t.dtype)
    return Cat.apply(*(t.to(dtype) for t in tensors), axis=axis)  # type: ignore[no-any-return]


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension, inserted before `dim`.

    Raises:
        ShapeError: there is none, the shapes differ, or the dimension is out of range.
        TypeError: one is no tensor.
    """
    _check("stack", tensors)
    axis = normalize_axis("stack", dim, tensors[0].ndim + 1)
    for i, t in enumerate(tensors):
        if t.shape != tensors[0].shape:
            message = f"stack: tensor 0 is {tensors[0].shape} and tensor {i} is {t.shape}"
            raise ShapeError(message)
    return cat([t.unsqueeze(axis) for t in tensors], axis)


def _check(name: str, tensors: Sequence[Tensor]) -> None:
    if not tensors:
        message = f"{name}: there is no tensor to join"
        raise ShapeError(message)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            message = f"{name}: tensor {i} is a {type(t).__name__}, not a tensor"
            raise TypeError(message)
