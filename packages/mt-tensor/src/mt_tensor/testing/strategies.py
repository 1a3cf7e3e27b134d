"""Hypothesis strategies: shapes, shapes that broadcast, layouts, arrays, tensors, axes, keys."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mt_tensor.backend import Backend
from mt_tensor.creation import tensor
from mt_tensor.dtypes import DType, float64
from mt_tensor.tensor import Tensor
from mt_tensor.testing.layouts import Layout, place

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]


def shapes(
    *, min_dims: int = 0, max_dims: int = 4, min_side: int = 0, max_side: int = 4
) -> SearchStrategy[Shape]:
    """Draw a shape; single numbers and empty dimensions included unless they are excluded."""
    sides = st.integers(min_side, max_side)
    return st.lists(sides, min_size=min_dims, max_size=max_dims).map(tuple)


@st.composite
def broadcastable(
    draw: st.DrawFn, count: int = 2, *, max_dims: int = 4, max_side: int = 3
) -> tuple[Shape, ...]:
    """Draw shapes that stretch to one: some sizes replaced by 1, some leading ones dropped."""
    common = draw(shapes(max_dims=max_dims, max_side=max_side))
    result = []
    for _ in range(count):
        kept = draw(st.integers(0, len(common)))
        tail = common[len(common) - kept :]
        result.append(tuple(draw(st.sampled_from([n, 1])) for n in tail))
    return tuple(result)


@st.composite
def layouts(draw: st.DrawFn, ndim: int, *, writable: bool = False) -> Layout:
    """Draw a layout for so many dimensions; with no two elements at one position if writable."""
    stretched = (
        st.just(()) if writable or not ndim else st.sets(st.integers(0, ndim - 1), max_size=2)
    )
    return Layout(
        order=tuple(draw(st.permutations(range(ndim)))),
        steps=tuple(draw(st.sampled_from([1, 1, 2, -1, -2])) for _ in range(ndim)),
        stretched=tuple(draw(stretched)),
        margin=draw(st.integers(0, 2)),
    )


@st.composite
def arrays(
    draw: st.DrawFn,
    shape: Shape | None = None,
    dtype: DType = float64,
    *,
    writable: bool = False,
) -> Array:
    """Draw a NumPy view of any layout; of any shape too, if none is given.

    Its elements are eighths from -8 to 8, which few operations round.
    """
    wanted = draw(shapes()) if shape is None else shape
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = np.asarray(rng.integers(-64, 65, wanted) / 8.0, dtype)
    return draw(layouts(array.ndim, writable=writable)).arrange(array)


@st.composite
def tensors(
    draw: st.DrawFn,
    backend: Backend,
    shape: Shape | None = None,
    dtype: DType = float64,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Draw a tensor of any layout; a leaf if gradients are wanted."""
    view = draw(arrays(shape, dtype))
    made = tensor(0.0, backend=backend)._new(place(backend, view))
    return made.requires_grad_() if requires_grad else made


def axes(ndim: int) -> SearchStrategy[Shape]:
    """Draw some of the axes, each once, counted from either end."""
    either = [st.sampled_from([d, d - ndim]) for d in range(ndim)]
    chosen = st.permutations(range(ndim)).flatmap(
        lambda order: st.integers(0, ndim).map(lambda n: order[:n])
    )
    return chosen.flatmap(lambda picked: st.tuples(*(either[d] for d in picked)))


def slices(size: int) -> SearchStrategy[slice]:
    """Draw a slice of any sign and reach, beyond the ends too."""
    end = st.none() | st.integers(-size - 2, size + 2)
    step = st.sampled_from([None, 1, 2, 3, -1, -2, -3])
    return st.builds(slice, end, end, step)


@st.composite
def keys(draw: st.DrawFn, shape: Shape, *, advanced: bool = True) -> Any:
    """Draw a key that NumPy accepts: ints, slices, `...`, None, and arrays of ints and masks."""
    used = draw(st.integers(0, len(shape)))
    at = draw(st.integers(0, used)) if used < len(shape) and draw(st.booleans()) else used
    targets = (*range(at), *range(len(shape) - used + at, len(shape)))
    broadcast = draw(broadcastable(len(targets), max_dims=2, max_side=3))
    terms = [draw(_term(shape[d], broadcast[i], advanced=advanced)) for i, d in enumerate(targets)]
    if at < used or draw(st.booleans()):
        terms.insert(at, ...)
    for _ in range(draw(st.integers(0, 2))):
        terms.insert(draw(st.integers(0, len(terms))), None)
    return terms[0] if len(terms) == 1 and draw(st.booleans()) else tuple(terms)


def ints_beside_arrays(key: Any) -> bool:
    """Whether an int stands among arrays: NumPy makes it an array, PyTorch takes it first."""
    terms = key if isinstance(key, tuple) else (key,)
    arrays = [t for t in terms if isinstance(t, np.ndarray)]
    return bool(arrays) and any(isinstance(t, int) for t in terms)


def _term(size: int, broadcast: Shape, *, advanced: bool) -> SearchStrategy[Any]:
    choices: list[SearchStrategy[Any]] = [slices(size)]
    if size:
        choices.append(st.integers(-size, size - 1))
    if advanced and (size or 0 in broadcast):
        choices.append(_indices(size, broadcast))
    return st.one_of(choices)


def _indices(size: int, shape: Shape) -> SearchStrategy[Array]:
    count = int(np.prod(shape))
    index = st.integers(-size, size - 1) if size else st.just(0)
    return st.lists(index, min_size=count, max_size=count).map(
        lambda values: np.array(values, np.int64).reshape(shape)
    )


def masks(shape: Sequence[int]) -> SearchStrategy[Array]:
    """Draw truth values of a shape."""
    count = int(np.prod(shape))
    return st.lists(st.booleans(), min_size=count, max_size=count).map(
        lambda values: np.array(values, bool).reshape(tuple(shape))
    )
