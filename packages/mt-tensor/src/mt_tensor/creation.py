"""Making tensors: from data, filled, counted, drawn at random.

Every function takes `dtype` (default: `get_default_dtype()`), `backend` (a name or a backend;
default: `default_backend()`) and `requires_grad`. Sizes go one by one or as a tuple.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mt_tensor.capture.live import constant_data
from mt_tensor.dtypes import as_dtype, int64, nearest_dtype
from mt_tensor.errors import DTypeError, ShapeError
from mt_tensor.random import Generator, default_generator
from mt_tensor.registry import default_backend, get_backend
from mt_tensor.tensor import Tensor
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

Where: TypeAlias = "str | Backend | None"
Sizes = int | tuple[int, ...] | list[int]
Array = np.ndarray[Any, Any]


def tensor(
    data: Any,
    dtype: Any = None,
    backend: Where = None,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor of a copy of the data.

    Args:
        data: a number, nested lists of numbers, a tensor, or an array.
        dtype: as in the data if not given: an array's own (the nearest that is supported), the
            default float for lists with a float, `int64` for ints, `bool` for truth values.
        backend: where it lives.
        requires_grad: make it a leaf that keeps its gradient.

    Raises:
        ShapeError: nested lists of different lengths.
        DTypeError: something in it is not a number, or the dtype is not supported.
    """
    if isinstance(data, Tensor):
        array = data.backend.to_array(data.data)
        backend = data.backend if backend is None else backend
    else:
        array = _array(data)
    wanted = array.dtype if dtype is None else as_dtype(dtype)
    with np.errstate(over="ignore"):
        cast = array.astype(wanted, copy=False)
    return _make(cast, backend, requires_grad)


def from_dlpack(source: Any, backend: Where = None) -> Tensor:
    """Make a tensor over the memory of another library's array, without a copy if it can be.

    Args:
        source: an object with `__dlpack__`, or a NumPy array, in the host's memory.
        backend: where it lives; a backend whose storage is memory shares it if it is contiguous.

    Raises:
        DTypeError: the dtype is not one of a tensor's.
    """
    array = np.from_dlpack(source)
    home = _backend(backend)
    flat = np.ascontiguousarray(array, as_dtype(array.dtype)).reshape(-1)
    return Tensor(TensorData(home.from_numpy(flat), array.shape), home)


def zeros(
    *shape: Sizes,
    dtype: Any = None,
    backend: Where = None,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor of zeros.

    >>> zeros(2, 3).shape
    (2, 3)
    """
    return _constant(np.zeros(_shape("zeros", shape), as_dtype(dtype)), backend, requires_grad)


def ones(
    *shape: Sizes,
    dtype: Any = None,
    backend: Where = None,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor of ones."""
    return _constant(np.ones(_shape("ones", shape), as_dtype(dtype)), backend, requires_grad)


def full(
    shape: Sizes,
    value: float,
    dtype: Any = None,
    backend: Where = None,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Make a tensor with one value everywhere."""
    with np.errstate(over="ignore"):
        array = np.full(_shape("full", (shape,)), value, as_dtype(dtype))
    return _constant(array, backend, requires_grad)


def eye(rows: int, columns: int | None = None, dtype: Any = None, backend: Where = None) -> Tensor:
    """Make a matrix with ones on the diagonal; square if only `rows` is given."""
    shape = _shape("eye", (rows, rows if columns is None else columns))
    return _constant(np.eye(*shape, dtype=as_dtype(dtype)), backend, False)  # noqa: FBT003


def linspace(
    start: float, stop: float, count: int, dtype: Any = None, backend: Where = None
) -> Tensor:
    """Make a tensor of `count` equally spaced numbers from `start` to `stop`, both included."""
    (n,) = _shape("linspace", (count,))
    return _constant(np.linspace(start, stop, n, dtype=as_dtype(dtype)), backend, False)  # noqa: FBT003


def zeros_like(a: Tensor, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Make a tensor of zeros with the shape, dtype and backend of another."""
    return full_like(a, 0.0, dtype, requires_grad=requires_grad)


def ones_like(a: Tensor, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Make a tensor of ones with the shape, dtype and backend of another."""
    return full_like(a, 1.0, dtype, requires_grad=requires_grad)


def full_like(a: Tensor, value: float, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Make a tensor of one value with the shape, dtype and backend of another."""
    wanted = a.dtype if dtype is None else as_dtype(dtype)
    return full(a.shape, value, wanted, a.backend, requires_grad=requires_grad)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    dtype: Any = None,
    backend: Where = None,
) -> Tensor:
    """Make a tensor of `start`, `start + step`, … before `stop`; from 0 if only one is given.

    Ints give `int64`, as in PyTorch.

    Raises:
        ValueError: the step is 0.
    """
    if step == 0:
        message = "arange: step must not be 0"
        raise ValueError(message)
    first, last = (0, start) if stop is None else (start, stop)
    whole = all(isinstance(x, int) for x in (first, last, step))
    wanted = int64 if whole and dtype is None else as_dtype(dtype)
    return _constant(np.arange(first, last, step).astype(wanted), backend, False)  # noqa: FBT003


def rand(
    *shape: Sizes,
    dtype: Any = None,
    backend: Where = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Draw from the uniform distribution on [0, 1)."""
    drawn = (generator or default_generator).numpy.random(_shape("rand", shape))
    return _make(np.asarray(drawn, as_dtype(dtype)), backend, requires_grad)


def randn(
    *shape: Sizes,
    dtype: Any = None,
    backend: Where = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """Draw from the standard normal distribution."""
    drawn = (generator or default_generator).numpy.standard_normal(_shape("randn", shape))
    return _make(np.asarray(drawn, as_dtype(dtype)), backend, requires_grad)


def randint(
    low: int,
    high: int,
    shape: Sizes,
    backend: Where = None,
    generator: Generator | None = None,
) -> Tensor:
    """Draw integers, each from `low` to `high - 1` with equal chance, as `int64`.

    Raises:
        ValueError: there is no integer between.
    """
    if low >= high:
        message = f"randint: low {low} must be less than high {high}"
        raise ValueError(message)
    drawn = (generator or default_generator).numpy.integers(low, high, _shape("randint", (shape,)))
    return _make(np.asarray(drawn, int64), backend, False)  # noqa: FBT003


def constant(array: Any, backend: Where = None) -> Tensor:
    """Make a tensor of numbers that depend on nothing but shapes and plain values.

    Like `tensor`, and allowed in a captured step: such as a mask that is made anew in each step and
    is the same in all of them.
    """
    return _constant(_array(array), backend, False)  # noqa: FBT003


def _constant(array: Array, backend: Where, requires_grad: bool) -> Tensor:  # noqa: FBT001
    home = _backend(backend)
    made = Tensor(constant_data(home, array), home)
    return made.requires_grad_() if requires_grad else made


def _make(array: Array, backend: Where, requires_grad: bool) -> Tensor:  # noqa: FBT001
    home = _backend(backend)
    made = Tensor(home.from_array(array), home)
    return made.requires_grad_() if requires_grad else made


def _backend(backend: Where) -> "Backend":
    if backend is None:
        return default_backend()
    return get_backend(backend) if isinstance(backend, str) else backend


def _shape(name: str, sizes: tuple[Any, ...]) -> tuple[int, ...]:
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in shape):
        message = f"{name}: sizes must be non-negative ints, not {tuple(shape)}"
        raise ShapeError(message)
    return tuple(int(n) for n in shape)


def _array(data: Any) -> Array:
    if hasattr(data, "__dlpack__") and not hasattr(data, "__array__"):
        data = np.from_dlpack(data)
    if not hasattr(data, "__array__"):
        _shape_of(data, ())
        data = _plain(data)
    array = np.asarray(data)
    if array.dtype.kind == "f" and not hasattr(data, "__array__"):
        return array.astype(as_dtype(None))
    return array.astype(nearest_dtype(array.dtype), copy=False)


def _plain(data: Any) -> Any:
    """Replace tensors inside lists by lists."""
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    if isinstance(data, Tensor):
        return data.tolist()
    return data


def _shape_of(data: Any, place: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(data, (Tensor, np.ndarray)):
        return data.shape
    if not isinstance(data, (list, tuple)):
        if not isinstance(data, (bool, int, float, np.generic)):
            message = f"tensor: {data!r} at {_name(place)} is not a number"
            raise DTypeError(message)
        return ()
    shapes = [_shape_of(x, (*place, i)) for i, x in enumerate(data)]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            message = (
                f"tensor: ragged data: {_name((*place, i))} has shape {shape}, but "
                f"{_name((*place, 0))} has shape {shapes[0]}"
            )
            raise ShapeError(message)
    return (len(data), *(shapes[0] if shapes else ()))


def _name(place: tuple[int, ...]) -> str:
    return "data" + "".join(f"[{i}]" for i in place)
