"""Indexing as NumPy has it: views where ints, slices, `...` and None suffice, else a gather.

A key is read once, into one *term* for each dimension. Ints and slices change the layout; what is
left of integer and boolean arrays names *positions* in storage, which are read (a gather) and, on
the way back, added to (a scatter).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mt_autodiff import Context, Function
from mt_tensor.errors import IndexingError
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.tensor import Tensor

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Selection:
    """A key that fits a tensor: the view its ints, slices and None make, and its arrays.

    Attributes:
        steps: for each dimension of the view, `(source, start, step, length)`; `source` is a
            dimension of the tensor, or None for a new dimension of size 1.
        fixed: `(source, i)` for each dimension that an int takes away.
        arrays: for dimensions of the view that an array indexes, the non-negative indices.
    """

    steps: tuple[tuple[int | None, int, int, int], ...]
    fixed: tuple[tuple[int, int], ...]
    arrays: dict[int, Positions]

    def view(self, data: TensorData) -> TensorData:
        """Return the view of `data`, any tensor of the shape that the key was read for."""
        offset = data.offset + sum(i * data.strides[d] for d, i in self.fixed)
        shape, strides = [], []
        for source, start, step, length in self.steps:
            shape.append(length)
            strides.append(0 if source is None else step * data.strides[source])
            offset += 0 if source is None or length == 0 else start * data.strides[source]
        return data.restrided(tuple(shape), tuple(strides), offset)

    def positions(self, data: TensorData) -> Positions:
        """Return the position in storage of each element of the result, in its shape."""
        view = self.view(data)
        indexed = sorted(self.arrays)
        picked = np.broadcast_arrays(*(self.arrays[d] for d in indexed))
        base = sum((p * view.strides[d] for p, d in zip(picked, indexed, strict=True)), np.int64(0))
        together = indexed[-1] - indexed[0] == len(indexed) - 1
        split = indexed[0] if together else 0
        kept = [d for d in range(view.ndim) if d not in self.arrays]
        grid = _grid([view.shape[d] for d in kept], [view.strides[d] for d in kept])
        lead = np.reshape(grid, (*grid.shape[:split], *(1,) * picked[0].ndim, *grid.shape[split:]))
        spread = np.reshape(base, (*base.shape, *(1,) * (grid.ndim - split)))
        return lead + spread + view.offset


def select(key: Any, shape: tuple[int, ...]) -> Selection:
    """Read a key for a tensor of this shape.

    Raises:
        IndexingError: too many indices, one out of range, a mask of another shape, or a term
            that is not an index.
    """
    terms = _align(key, shape)
    steps: list[tuple[int | None, int, int, int]] = []
    fixed: list[tuple[int, int]] = []
    arrays: dict[int, Positions] = {}
    d = 0
    for term in terms:
        if term is None:
            steps.append((None, 0, 1, 1))
            continue
        if isinstance(term, slice):
            start, stop, step = _slice(term, shape[d])
            steps.append((d, start, step, len(range(start, stop, step))))
        elif isinstance(term, int):
            fixed.append((d, int(_in_range(np.int64(term), shape, d))))
        else:
            arrays[len(steps)] = _in_range(term, shape, d)
            steps.append((d, 0, 1, shape[d]))
        d += 1
    _check_arrays(arrays, key)
    return Selection(tuple(steps), tuple(fixed), arrays)


class Gather(Function):
    """Read the elements at positions that arrays name; its adjoint adds where it read."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, selection: Selection) -> Any:
        """Return the elements, in storage of their own."""
        ctx.shape = a.shape
        ctx.selection = selection
        positions = selection.positions(a.data)
        out = a.backend.allocate(positions.shape, a.dtype)
        a.backend.gather(out, a.data, positions)
        return a._new(out)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Add each gradient where its element was read, which may be more than once."""
        backend = grad_output.backend
        out = backend.full(ctx.shape, 0.0, grad_output.dtype)
        backend.scatter_add(out, ctx.selection.positions(out), grad_output.data)
        return grad_output._new(out)


def _align(key: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return one term for each dimension (masks give several), `...` spelled out."""
    terms: list[Any] = []
    for term in key if isinstance(key, tuple) else (key,):
        terms.extend(_normal(term, key))
    used = sum(1 for term in terms if term is not None and term is not Ellipsis)
    if sum(term is Ellipsis for term in terms) > 1:
        message = f"index {key!r} has more than one ..."
        raise IndexingError(message)
    if used > len(shape):
        message = f"index {key!r} has {used} terms for {len(shape)} dimension(s) of {shape}"
        raise IndexingError(message)
    gap = next((i for i, term in enumerate(terms) if term is Ellipsis), len(terms))
    fill = [slice(None)] * (len(shape) - used)
    aligned = [*terms[:gap], *fill, *terms[gap + 1 :]]
    _check_masks(aligned, shape)
    return [term.indices if isinstance(term, _MaskPart) else term for term in aligned]


@dataclass(frozen=True)
class _MaskPart:
    """The indices along one dimension of the true entries of a mask, and the mask's size there."""

    indices: Positions
    size: int


def _normal(term: Any, key: Any) -> list[Any]:
    if term is None or term is Ellipsis or isinstance(term, slice):
        return [term]
    if isinstance(term, (int, np.integer)) and not isinstance(term, (bool, np.bool_)):
        return [int(term)]
    array = _array(term)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.int64)
    if array.dtype.kind == "b":
        parts = np.nonzero(array) if array.ndim else ()
        if parts:
            return [_MaskPart(p, n) for p, n in zip(parts, array.shape, strict=True)]
    if array.dtype.kind not in "iu":
        message = f"index {key!r}: {term!r} is not an int, a slice, ..., None, or an array of ints"
        raise IndexingError(message)
    return [array.astype(np.int64)]


def _array(term: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(term.numpy() if hasattr(term, "numpy") else term)
    except ValueError:  # nested lists of different lengths
        return np.array(term, object)


def _slice(term: slice, n: int) -> tuple[int, int, int]:
    try:
        return term.indices(n)
    except (TypeError, ValueError) as error:
        message = f"index {term!r}: {error}"
        raise IndexingError(message) from None


def _in_range(indices: Any, shape: tuple[int, ...], d: int) -> Any:
    n = shape[d]
    wrong = (indices < -n) | (indices >= n)
    if np.any(wrong):
        first = np.extract(wrong, indices)[0]
        message = f"index {first} is out of range for dimension {d} of {shape}, of size {n}"
        raise IndexingError(message)
    return np.where(indices < 0, indices + n, indices)


def _check_masks(terms: list[Any], shape: tuple[int, ...]) -> None:
    sized = [term for term in terms if term is not None]
    for d, (term, n) in enumerate(zip(sized, shape, strict=True)):
        if isinstance(term, _MaskPart) and term.size != n:
            message = f"a mask of size {term.size} indexes dimension {d} of {shape}, of size {n}"
            raise IndexingError(message)


def _check_arrays(arrays: dict[int, Positions], key: Any) -> None:
    try:
        np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in arrays.values())
        message = f"index {key!r}: arrays of shapes {shapes} do not broadcast"
        raise IndexingError(message) from None


def _grid(shape: list[int], strides: list[int]) -> Positions:
    total = np.zeros(shape, np.int64)
    for d, (n, s) in enumerate(zip(shape, strides, strict=True)):
        total += (np.arange(n, dtype=np.int64) * s).reshape(-1, *(1,) * (len(shape) - d - 1))
    return total
