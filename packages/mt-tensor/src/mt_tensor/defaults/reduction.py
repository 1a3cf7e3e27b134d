"""Folds as new tensors, and the gradient of an extremum: elements that tie share it."""

from functools import lru_cache
from typing import TYPE_CHECKING

from mt_operators import Op, add, div, mul
from mt_tensor.layout import Shape, shared
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend


Axes = tuple[int, ...]


@lru_cache(maxsize=4096)
def kept_shape(shape: Shape, axes: Axes) -> Shape:
    """Return a shape with size 1 along axes."""
    return shared(tuple([1 if d in axes else n for d, n in enumerate(shape)]))


def fold(backend: "Backend", op: Op, a: TensorData, axes: Axes) -> TensorData:
    """Return a new tensor: `a` folded along axes, which keep size 1."""
    out = backend.allocate(kept_shape(a.shape, axes), a.storage.dtype)
    backend.reduce(op, out, a)
    return out


def extremum_by_input(
    backend: "Backend", out: TensorData, grad: TensorData, a: TensorData, best: TensorData
) -> None:
    """Divide each gradient by the number of elements that are extremal, and give them that."""
    backend.zip(_chosen, out, a, best.expand(a.shape))
    share = backend.allocate(grad.shape, out.dtype)
    backend.reduce(add, share, out)
    backend.zip(div, share, grad, share)
    backend.zip(mul, out, share.expand(out.shape), out)


def _chosen(x: float, best: float) -> float:
    return 1.0 if x == best else 0.0
