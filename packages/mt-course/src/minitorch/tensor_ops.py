"""Module 2: what a backend of the course offers, and the one in plain Python.

A `TensorOps` class makes functions of tensors from functions of numbers; `TensorBackend` holds
those that tensors need. The classes here and in `fast_ops` and `cuda_ops` run the kernels of
`mt_tensor`'s backends; a learner's own class, with kernels of their own, takes the same place.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol

import mt_operators
import mt_tensor
from minitorch import operators
from minitorch.jit import plain
from minitorch.tensor_data import IndexingError, shape_broadcast
from mt_operators import Op
from mt_tensor import Backend
from mt_tensor.functions.matmul import check_matmul
from mt_tensor.layout import broadcast_shapes

Fn = Callable[..., float]
Layout = mt_tensor.TensorData

OPS: dict[Any, Op] = {
    op.forward: op for op in (mt_operators.add, mt_operators.mul, mt_operators.maximum)
}
"""The operators that a kernel can fold in any grouping, by their functions."""


class MapProto(Protocol):
    """What `TensorOps.map` returns."""

    def __call__(self, x: Any, out: Any = ..., /) -> Any:
        """Apply to every element of `x`; into `out`, to which `x` broadcasts, if it is given."""


class TensorOps:
    """Makes functions of tensors from functions of numbers; subclass it with static methods.

    Attributes:
        cuda: whether tensors live on a GPU.
        engine: the backend of `mt_tensor` that does what the course has no name for.
    """

    cuda: ClassVar[bool] = False
    engine: ClassVar[str] = "simple"

    @staticmethod
    def map(fn: Fn) -> MapProto:
        """Make a function of one tensor."""
        raise NotImplementedError

    @classmethod
    def cmap(cls, fn: Fn) -> Callable[[Any, Any], Any]:
        """Make a function that maps a tensor into another."""
        return cls.map(fn)

    @staticmethod
    def zip(fn: Fn) -> Callable[[Any, Any], Any]:
        """Make a function of two tensors, which broadcast."""
        raise NotImplementedError

    @staticmethod
    def reduce(fn: Fn, start: float = 0.0) -> Callable[[Any, int], Any]:
        """Make a function that folds a tensor along a dimension, which stays with size 1."""
        raise NotImplementedError

    @staticmethod
    def matrix_multiply(a: Any, b: Any) -> Any:
        """Multiply matrices, batch by batch."""
        raise NotImplementedError


class EngineOps(TensorOps):
    """Operations by the kernels of the backend that `engine` names."""

    @classmethod
    def backend(cls) -> Backend:
        """Return the backend, made on first use.

        Raises:
            BackendError: it is not installed, or cannot be used here.
        """
        return mt_tensor.get_backend(cls.engine)

    @classmethod
    def map(cls, fn: Fn) -> MapProto:
        """Make a function of one tensor, and of another that takes the result."""
        fn = plain(fn)

        def mapped(a: Any, out: Any = None) -> Any:
            out = empty(a, a.shape) if out is None else out
            cls.backend().map(fn, out.data, read_as(a.data, out.shape))
            return out

        return mapped

    @classmethod
    def zip(cls, fn: Fn) -> Callable[[Any, Any], Any]:
        """Make a function of two tensors, which broadcast."""
        fn = plain(fn)

        def zipped(a: Any, b: Any) -> Any:
            shape = a.shape if a.shape == b.shape else shape_broadcast(a.shape, b.shape)
            out = empty(a, shape)
            cls.backend().zip(fn, out.data, a.data.expand(shape), b.data.expand(shape))
            return out

        return zipped

    @classmethod
    def reduce(cls, fn: Fn, start: float = 0.0) -> Callable[[Any, int], Any]:
        """Make a function that folds a tensor along a dimension, which stays with size 1."""
        fn = plain(fn)

        def reduced(a: Any, dim: int) -> Any:
            out = empty(a, (*a.shape[:dim], 1, *a.shape[dim + 1 :]))
            _fold(cls.backend(), Fold(fn, start, dim), out.data, a.data)
            return out

        return reduced

    @classmethod
    def matrix_multiply(cls, a: Any, b: Any) -> Any:
        """Multiply matrices; batch dimensions broadcast.

        Raises:
            ShapeError: the inner dimensions differ.
        """
        check_matmul(a, b)
        batch = broadcast_shapes("matmul", a.shape[:-2], b.shape[:-2])
        out = empty(a, (*batch, a.shape[-2], b.shape[-1]))
        left = a.data.expand((*batch, *a.shape[-2:]))
        right = b.data.expand((*batch, *b.shape[-2:]))
        cls.backend().matmul(out.data, left, right)
        return out


class SimpleOps(EngineOps):
    """Operations by loops in plain Python."""

    engine = "simple"
    is_cuda = False


class TensorBackend:
    """The functions that tensors need, made by a `TensorOps` class.

    Everything else that a tensor of `mt_tensor` asks of its backend, the engine of the class does.
    """

    def __init__(self, ops: type[TensorOps]) -> None:
        """Make the functions."""
        self.ops = ops
        self.cuda = ops.cuda
        self.neg_map, self.inv_map = ops.map(operators.neg), ops.map(operators.inv)
        self.sigmoid_map, self.relu_map = ops.map(operators.sigmoid), ops.map(operators.relu)
        self.log_map, self.exp_map = ops.map(operators.log), ops.map(operators.exp)
        self.id_map, self.id_cmap = ops.map(operators.id), ops.cmap(operators.id)
        self.add_zip, self.mul_zip = ops.zip(operators.add), ops.zip(operators.mul)
        self.lt_zip, self.eq_zip = ops.zip(operators.lt), ops.zip(operators.eq)
        self.is_close_zip = ops.zip(operators.is_close)
        self.relu_back_zip = ops.zip(operators.relu_back)
        self.log_back_zip = ops.zip(operators.log_back)
        self.inv_back_zip = ops.zip(operators.inv_back)
        self.add_reduce = ops.reduce(operators.add, 0.0)
        self.mul_reduce = ops.reduce(operators.mul, 1.0)
        self.max_reduce = ops.reduce(operators.max, -1e9)
        self.matrix_multiply = ops.matrix_multiply

    @cached_property
    def engine(self) -> Backend:
        """The backend of `mt_tensor` below.

        Raises:
            BackendError: it is not installed, or cannot be used here.
        """
        return mt_tensor.get_backend(self.ops.engine)

    def __getattr__(self, name: str) -> Any:
        """Ask the engine."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.engine, name)

    def __repr__(self) -> str:
        """Show the class that it was made by."""
        return f"TensorBackend({self.ops.__name__})"


def tensor_map(fn: Fn) -> Callable[..., None]:
    """Make a kernel `(out, out_shape, out_strides, a, a_shape, a_strides)` in plain Python.

    `a` broadcasts to `out`.
    """

    def kernel(*arrays: Any) -> None:
        out, a = (Layout(*_tuples(arrays[i : i + 3])) for i in (0, 3))
        SimpleOps.backend().map(fn, out, read_as(a, out.shape))

    return kernel


def tensor_zip(fn: Fn) -> Callable[..., None]:
    """Make a kernel as `tensor_map`, of one more tensor: three more arguments."""

    def kernel(*arrays: Any) -> None:
        out, a, b = (Layout(*_tuples(arrays[i : i + 3])) for i in (0, 3, 6))
        SimpleOps.backend().zip(fn, out, read_as(a, out.shape), read_as(b, out.shape))

    return kernel


def tensor_reduce(fn: Fn) -> Callable[..., None]:
    """Make a kernel as `tensor_map` with a last argument, the dimension that it folds into `out`.

    It goes on from what `out` holds.
    """

    def kernel(*arrays: Any) -> None:
        out, a = (Layout(*_tuples(arrays[i : i + 3])) for i in (0, 3))
        _fold_into(SimpleOps.backend(), Fold(fn, 0.0, int(arrays[6])), out, a)

    return kernel


class Fold(NamedTuple):
    """A fold along a dimension: the function, what it starts from, the dimension."""

    fn: Fn
    start: float
    dim: int


def _fold(backend: Backend, fold: Fold, out: Layout, a: Layout) -> None:
    """Fold `a` into `out`: in one kernel where the function can be grouped in any way."""
    op = OPS.get(fold.fn)
    first = backend.full(out.shape, fold.start, out.dtype)
    if op is None:
        backend.map(mt_operators.identity, out, first)
        _fold_into(backend, fold, out, a)
        return
    backend.reduce(op, out, a)
    if fold.start != op.unit:
        backend.zip(fold.fn, out, first, out)


def _fold_into(backend: Backend, fold: Fold, out: Layout, a: Layout) -> None:
    """Fold the entries of a dimension into `out`, one after the other."""
    for i in range(a.shape[fold.dim]):
        backend.zip(fold.fn, out, out, a.narrow(fold.dim, i, 1))


def empty(like: Any, shape: tuple[int, ...]) -> Any:
    """Return a tensor with any content, on the backend of another."""
    return like._new(like.backend.allocate(shape, mt_tensor.float64))


def read_as(a: Layout, shape: tuple[int, ...]) -> Layout:
    """Return a view of `a` that reads as `shape`.

    Raises:
        IndexingError: `a` does not broadcast to it.
    """
    if a.shape != shape and shape_broadcast(a.shape, shape) != shape:
        message = f"{a.shape} does not broadcast to {shape}"
        raise IndexingError(message)
    return a.expand(shape)


def _tuples(arrays: tuple[Any, ...]) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    storage, shape, strides = arrays
    return storage, tuple(int(n) for n in shape), tuple(int(s) for s in strides)


SimpleBackend = TensorBackend(SimpleOps)
