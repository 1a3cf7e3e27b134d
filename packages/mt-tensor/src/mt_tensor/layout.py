r"""The arithmetic of strides: where the elements of a tensor lie in its storage.

A tensor of shape $(n_0, \dots, n_{k-1})$ with strides $(s_0, \dots, s_{k-1})$ and offset $o$ keeps
the element of index $(i_0, \dots, i_{k-1})$ at *position* $o + \sum_d i_d s_d$ of a flat storage.
Transposing, slicing and broadcasting only change these numbers, never the elements.

Words: an *index* is a tuple, a *position* is an offset in storage, an *ordinal* counts the
elements in row-major order. Everything here is pure: tuples in, tuples out.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from math import prod

from mt_tensor.errors import ShapeError

Shape = tuple[int, ...]
Strides = tuple[int, ...]
Index = tuple[int, ...]

MET_AT_MOST = 1 << 14
_met: dict[tuple[int, ...], tuple[int, ...]] = {}


def shared(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the tuple that was met first of all that are equal to this one.

    The arithmetic below returns such tuples, so that layouts can be told apart by their addresses:
    two that are equal but not the same object only cost time.
    """
    met = _met.get(numbers)
    if met is None:
        if len(_met) >= MET_AT_MOST:
            _met.clear()
        met = _met[numbers] = numbers
    return met


@lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> Strides:
    """Return the strides of row-major order: the last index moves fastest.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        strides[d] = strides[d + 1] * max(shape[d + 1], 1)
    return shared(tuple(strides))


def is_contiguous(shape: Shape, strides: Strides) -> bool:
    """Whether the elements lie in row-major order without gaps.

    The stride of a dimension of size 1 is never used, and an empty tensor has no order.
    """
    wanted = contiguous_strides(shape)
    if strides == wanted or 0 in shape:
        return True
    return all(n == 1 or s == w for n, s, w in zip(shape, strides, wanted, strict=True))


def position(index: Sequence[int], strides: Sequence[int], offset: int = 0) -> int:
    """Return where in storage the element of this index lies.

    >>> position((1, 2), (3, 1))
    5
    """
    return offset + sum(i * s for i, s in zip(index, strides, strict=True))


def index_of(ordinal: int, shape: Shape) -> Index:
    """Return the index of the element that row-major order counts as `ordinal`.

    >>> index_of(5, (2, 3))
    (1, 2)
    """
    reversed_index = []
    for n in reversed(shape):
        ordinal, i = divmod(ordinal, n)
        reversed_index.append(i)
    return tuple(reversed(reversed_index))


@lru_cache(maxsize=4096)
def broadcast_shapes(operator: str, *shapes: Shape) -> Shape:
    """Return the shape that all of `shapes` stretch to, by NumPy's rule.

    Aligned at the right, each dimension must be equal in all, or 1 where it is stretched.

    Raises:
        ShapeError: two of them disagree.

    >>> broadcast_shapes("add", (4, 1), (3,))
    (4, 3)
    """
    columns = list(zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1))
    result = []
    for d, sizes in enumerate(reversed(columns)):
        stretched = {n for n in sizes if n != 1}
        if len(stretched) > 1:
            first, second = (n for n in dict.fromkeys(sizes) if n != 1)
            message = (
                f"{operator}: {' and '.join(map(str, shapes))} do not broadcast: dimension "
                f"{d} is {first} and {second}, which must be equal or one of them 1"
            )
            raise ShapeError(message)
        result.append(stretched.pop() if stretched else 1)
    return shared(tuple(result))


@lru_cache(maxsize=4096)
def broadcast_strides(shape: Shape, strides: Strides, target: Shape) -> Strides:
    """Return the strides with which a tensor of `shape` reads as `target`: 0 where it stretches.

    `shape` must broadcast to `target`.

    >>> broadcast_strides((4, 1), (1, 1), (2, 4, 3))
    (0, 1, 0)
    """
    lead = len(target) - len(shape)
    stretched = (
        0 if n == 1 and t != 1 else s for n, s, t in zip(shape, strides, target[lead:], strict=True)
    )
    return shared((0,) * lead + tuple(stretched))


@lru_cache(maxsize=4096)
def permuted(shape: Shape, strides: Strides, order: tuple[int, ...]) -> tuple[Shape, Strides]:
    """Return shape and strides of the view whose dimension `d` is dimension `order[d]`.

    >>> permuted((2, 3), (3, 1), (1, 0))
    ((3, 2), (1, 3))
    """
    return shared(tuple(shape[d] for d in order)), shared(tuple(strides[d] for d in order))


@lru_cache(maxsize=4096)
def view_strides(shape: Shape, strides: Strides, new_shape: Shape) -> Strides | None:
    """Return the strides with which the same storage reads as `new_shape`, in row-major order.

    None if there are none: elements that must become neighbours do not lie at one stride. Both
    shapes must have the same size.

    >>> view_strides((2, 3), (3, 1), (3, 2))
    (2, 1)
    >>> view_strides((3, 2), (1, 3), (6,)) is None
    True
    """
    if 0 in shape or is_contiguous(shape, strides):
        return contiguous_strides(new_shape)
    runs_shape, (runs,) = merge_dimensions(shape, strides)
    result: list[int] = []
    remaining = list(zip(runs_shape, runs, strict=True))
    room, stride = 1, 1
    for n in reversed(new_shape):
        if n == 1:
            result.append(stride)
            continue
        if room == 1 and remaining:
            room, stride = remaining.pop()
        if room % n:
            return None
        result.append(stride)
        room //= n
        stride *= n
    return shared(tuple(reversed(result)))


def merge_dimensions(shape: Shape, *operands: Strides) -> tuple[Shape, tuple[Strides, ...]]:
    """Drop dimensions of size 1 and join neighbours that step as one in every operand.

    A kernel then loops over as few and as long dimensions as the layouts allow. The order of the
    elements is kept.

    Args:
        shape: the common shape.
        operands: the strides of each operand.

    Returns:
        The shorter shape, and the strides of each operand for it.

    >>> merge_dimensions((2, 3, 4), (12, 4, 1), (0, 0, 1))
    ((6, 4), ((4, 1), (0, 1)))
    """
    sizes: list[int] = []
    steps: list[tuple[int, ...]] = []
    for d, n in enumerate(shape):
        if n == 1:
            continue
        step = tuple(strides[d] for strides in operands)
        if sizes and all(outer == n * inner for outer, inner in zip(steps[-1], step, strict=True)):
            sizes[-1] *= n
            steps[-1] = step
        else:
            sizes.append(n)
            steps.append(step)
    merged = tuple(tuple(step[k] for step in steps) for k in range(len(operands)))
    return tuple(sizes), merged


def extent(shape: Shape, strides: Strides, offset: int) -> tuple[int, int]:
    """Return the lowest and the highest position that is used; `(offset, offset - 1)` if none."""
    if 0 in shape:
        return offset, offset - 1
    reach = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    return offset + sum(r for r in reach if r < 0), offset + sum(r for r in reach if r > 0)


def may_overlap(shape: Shape, strides: Strides) -> bool:
    """Whether two indices might share a position: never False where two do.

    In the order of their strides, each dimension must step over everything that the smaller ones
    reach. That is exact for every layout that permuting, slicing and expanding can make of a
    contiguous tensor; other strides may be called overlapping though they happen not to be.

    >>> may_overlap((2, 3), (3, 1)), may_overlap((2, 3), (0, 1))
    (False, True)
    """
    reach = 0
    for s, n in sorted((abs(s), n) for n, s in zip(shape, strides, strict=True) if n > 1):
        if s <= reach:
            return 0 not in shape
        reach += (n - 1) * s
    return False


def normalize_axes(operator: str, axes: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Return the axes as ascending non-negative numbers; None means all of them.

    Raises:
        ShapeError: an axis is no int, out of range or named twice.

    >>> normalize_axes("sum", (-1, 0), 3)
    (0, 2)
    """
    if axes is None:
        return tuple(range(ndim))
    listed = tuple(axes) if hasattr(axes, "__iter__") else (axes,)
    result = sorted(normalize_axis(operator, axis, ndim) for axis in listed)
    if len(set(result)) != len(result):
        message = f"{operator}: axes {listed} name one axis twice"
        raise ShapeError(message)
    return tuple(result)


def normalize_axis(operator: str, axis: int, ndim: int) -> int:
    """Return the axis counted from the front.

    Raises:
        ShapeError: it is no int, or out of range.
    """
    if not hasattr(axis, "__index__"):
        message = f"{operator}: an axis is an int, not {axis!r}"
        raise ShapeError(message)
    if not -ndim <= axis < ndim:
        message = f"{operator}: axis {axis} is out of range for {ndim} dimension(s)"
        raise ShapeError(message)
    return int(axis) % ndim


@lru_cache(maxsize=4096)
def normalize_order(operator: str, order: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """Return a permutation of the dimensions of `shape`, counted from the front.

    Raises:
        ShapeError: `order` does not name each dimension once.
    """
    axes = tuple(normalize_axis(operator, d, len(shape)) for d in order)
    if sorted(axes) != list(range(len(shape))):
        message = f"{operator}: {order} does not name each dimension of {shape} once"
        raise ShapeError(message)
    return axes


@lru_cache(maxsize=4096)
def infer_shape(operator: str, shape: Shape, new_shape: Shape) -> Shape:
    """Return `new_shape` with its -1, if it has one, replaced by the size that is left.

    Raises:
        ShapeError: the sizes differ, more than one -1, or something that is no size.

    >>> infer_shape("view", (2, 6), (3, -1))
    (3, 4)
    """
    for n in new_shape:
        if type(n) is not int or n < 0:
            break
    else:
        if prod(shape) == prod(new_shape):  # the common case, in few looks
            return shared(new_shape)
    unknown = new_shape.count(-1)
    if unknown > 1 or not all(hasattr(n, "__index__") and n >= -1 for n in new_shape):
        message = f"{operator}: {new_shape} must be sizes with at most one -1"
        raise ShapeError(message)
    size = prod(shape)
    known = prod(n for n in new_shape if n != -1)
    fits = (known > 0 and size % known == 0) if unknown else known == size
    if not fits:
        message = (
            f"{operator}: {shape} has {size} elements and cannot be {new_shape}, "
            f"which has {'a multiple of ' if unknown else ''}{known}"
        )
        raise ShapeError(message)
    return shared(tuple(size // known if n == -1 else int(n) for n in new_shape))
