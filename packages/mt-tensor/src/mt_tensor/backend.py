"""What a device must offer: storage, four kernels, and nothing else.

A backend author writes the abstract methods below: allocate and transfer, `map`/`zip` of a float
function, `reduce` of an operator, `matmul`. With these every tensor operation works. All other
methods have a default written with those (`mt_tensor.defaults`), and a backend overrides the ones
for which it has a faster kernel.

The contract of a kernel:

- It fills `out`, a layout that the caller has allocated, and returns nothing. `out` may have any
  strides but never overlaps itself.
- Operands have any layout: permuted, negative steps, stride 0 where they are broadcast, size 0.
  An operand of an elementwise kernel may be `out` itself, element for element; otherwise they do
  not overlap.
- Shapes and dtypes have been checked and fit; a kernel checks nothing.
- The same arguments give the same bits on every run.

Four methods return a tensor instead: `elementwise`, `replaced`, `fold` and `product`. A step of
training calls these most. Their defaults allocate and call a kernel. Two take many tensors,
`sgd_steps` and `adam_steps`; their defaults call a kernel for each parameter. A recording writes
down what these six are made of, so what overrides them must compute the same.

`mt_tensor.testing` runs this contract against any backend.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from math import prod
from typing import Any, ClassVar, Self
from weakref import WeakSet

import numpy as np

from mt_operators import Op, identity
from mt_tensor.capture.tape import Call, Comparison, Run, looped
from mt_tensor.defaults import (
    convolution,
    convolution1d,
    dropout,
    elementwise,
    normalization,
    optimization,
    pooling,
    product,
    reduction,
    rows,
)
from mt_tensor.dtypes import DType, as_dtype
from mt_tensor.layout import Shape
from mt_tensor.tensor_data import Storage, TensorData, over_all_of

ElementFn = Op | Callable[..., float]
Pair = tuple[int, int]
Positions = np.ndarray[Any, np.dtype[np.int64]]
SgdPart = tuple[TensorData, TensorData, TensorData | None]
"""A parameter, its gradient, and its velocity if there is one."""

AdamPart = tuple[TensorData, TensorData, TensorData, TensorData]
"""A parameter, its gradient, and their two moments."""


class Backend(ABC):
    """A device that holds storages and runs kernels over them."""

    name: ClassVar[str]

    instances: ClassVar["WeakSet[Backend]"] = WeakSet()
    """All backends there are, so that a recording can watch them."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Make one, and remember it as long as it lives."""
        made = super().__new__(cls)
        Backend.instances.add(made)
        return made

    @abstractmethod
    def empty(self, size: int, dtype: DType) -> Storage:
        """Allocate a storage of `size` elements, with any content."""

    @abstractmethod
    def from_numpy(self, array: np.ndarray[Any, Any]) -> Storage:
        """Make a storage of the elements of a contiguous array of one dimension.

        The array is handed over: it will not be changed by anyone else, and may become the
        storage itself.
        """

    @abstractmethod
    def to_numpy(self, storage: Storage) -> np.ndarray[Any, Any]:
        """Return the elements as an array of one dimension; shared with the storage if it can."""

    @abstractmethod
    def map(self, fn: ElementFn, out: TensorData, a: TensorData) -> None:
        """Set each `out[i] = fn(a[i])`; the two have one shape."""

    @abstractmethod
    def zip(self, fn: ElementFn, out: TensorData, *operands: TensorData) -> None:
        """Set each `out[i] = fn(a[i], b[i], ...)`; all have one shape."""

    @abstractmethod
    def reduce(self, op: Op, out: TensorData, a: TensorData) -> None:
        """Fold `a` with an operator of two inputs that has a unit, along some of its dimensions.

        `out` has as many dimensions as `a`, and size 1 where it folds. A fold over no elements
        gives the unit.
        """

    @abstractmethod
    def matmul(self, out: TensorData, a: TensorData, b: TensorData) -> None:
        """Multiply matrices: `a` is (*B, M, K), `b` is (*B, K, N), `out` is (*B, M, N).

        The batch dimensions of all three are equal: one that is broadcast has stride 0. A product
        over no elements is 0.
        """

    def allocate(self, shape: Shape, dtype: DType) -> TensorData:
        """Allocate a contiguous tensor, with any content."""
        return over_all_of(self.empty(prod(shape), dtype), shape)

    def elementwise(
        self, fn: ElementFn, a: TensorData, b: TensorData | None = None, *others: TensorData
    ) -> TensorData:
        """Return a new tensor of a function of operands; see `mt_tensor.defaults.elementwise`.

        Raises:
            ShapeError: the shapes do not broadcast.
        """
        operands = (a,) if b is None else (a, b, *others)
        return elementwise.elementwise(self, fn, *operands)

    def replaced(self, fn: ElementFn, a: TensorData, b: TensorData) -> TensorData:
        """Return what `elementwise` does; it may lie where `a` does, which nobody reads again."""
        return self.elementwise(fn, a, b)

    def fold(self, op: Op, a: TensorData, axes: tuple[int, ...]) -> TensorData:
        """Return a new tensor: `a` folded along axes, which keep size 1."""
        return reduction.fold(self, op, a, axes)

    def product(
        self,
        a: TensorData,
        b: TensorData,
        bias: TensorData | None = None,
        *,
        turn_a: bool = False,
        turn_b: bool = False,
    ) -> TensorData:
        """Return a new tensor with the matrix product of two factors of one dtype, plus a bias.

        Args:
            a: shape (*B, M, K); (*B, K, M) with `turn_a`.
            b: shape (*B, K, N); (*B, N, K) with `turn_b`.
            bias: what is added; broadcasts to (*B, M, N).
            turn_a: take the transpose of each matrix of `a`.
            turn_b: take the transpose of each matrix of `b`.
        """
        return product.product(self, a, b, bias, turn_a, turn_b)

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        """Allocate a contiguous tensor with `value` everywhere."""
        with np.errstate(over="ignore"):
            return self.from_array(np.full(shape, value, dtype))

    def fill(self, out: TensorData, value: float) -> None:
        """Set every element of `out` to `value`."""
        self.map(identity, out, self.full((1,) * out.ndim, value, out.dtype).expand(out.shape))

    def lowered(
        self,
        calls: Sequence[Call],
        own: Collection[int] = (),  # noqa: ARG002  for those that gain by it
    ) -> Run:
        """Return a function that makes recorded calls again, in their order.

        The arguments are the same in each run, tensors with their storages included, but for a
        `Live` among them: its `value` may have changed. The function runs on one thread at a time.

        Args:
            calls: what to do.
            own: the `id` of each storage that nobody else looks at and that the calls set before
                they read it, so that it need hold anything only in between.
        """
        return looped(self, calls)

    def compared(self, rows: np.ndarray[Any, Any]) -> Comparison | None:  # noqa: ARG002
        """Return what compares words of memory fast, if this backend has compiled code for it.

        Args:
            rows: shape (N, 3), of `mt_tensor.capture.words.table`; the third is for the contents.

        Returns:
            A function that tells whether all words are what they were when the other one learnt
            them; before that, they are not.
        """
        return None

    def from_array(self, array: np.ndarray[Any, Any]) -> TensorData:
        """Copy an array of any layout to this device."""
        dtype = as_dtype(array.dtype)
        flat = np.array(array, dtype, order="C", copy=True).reshape(-1).view(dtype)
        return TensorData(self.from_numpy(flat), array.shape)

    def to_array(self, a: TensorData) -> np.ndarray[Any, Any]:
        """Return an array of the same layout; shared with the storage if the device can."""
        flat = self.to_numpy(a.storage)
        if a.whole:
            return flat.reshape(a.shape)
        itemsize = flat.itemsize
        strides = tuple(s * itemsize for s in a.strides)
        return np.lib.stride_tricks.as_strided(flat[a.offset :], a.shape, strides)

    def exported(self, a: TensorData) -> Any:
        """Return an object over the same storage that speaks DLPack; an array on the host."""
        return self.to_array(a)

    def gather(self, out: TensorData, a: TensorData, positions: Positions) -> None:
        """Set each element of a contiguous `out` to `a.storage[position]`; on the host here."""
        picked = self.to_numpy(a.storage)[positions.reshape(-1)]
        self._store(out, picked)

    def scatter(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Set each `out.storage[position]` to an element of `a`; on the host here."""
        storage = self.to_numpy(out.storage).copy()
        with np.errstate(over="ignore"):
            storage[positions.reshape(-1)] = self.to_array(a).reshape(-1)
        self._store(out.restrided((len(storage),), (1,), 0), storage)

    def scatter_add(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Add each element of `a` to `out.storage[position]`; positions may repeat; on the host."""
        storage = self.to_numpy(out.storage).copy()
        np.add.at(storage, positions.reshape(-1), self.to_array(a).reshape(-1))
        self._store(out.restrided((len(storage),), (1,), 0), storage)

    def take_rows(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Set row i of `out`, (N, D), to row `index[i]` of `a`, (V, D); `index` is (N,), int64."""
        rows.take_rows(self, out, a, index)

    def add_rows(self, out: TensorData, index: TensorData, a: TensorData) -> None:
        """Add row i of `a`, (N, D), to row `index[i]` of `out`, (V, D), in the order of i."""
        rows.add_rows(self, out, index, a)

    def pick(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Set element i of `out`, (N,), to `a[i, index[i]]`; `a` is (N, C)."""
        rows.pick(self, out, a, index)

    def pick_by_input(self, out: TensorData, grad: TensorData, index: TensorData) -> None:
        """Pull a gradient back through `pick`: `out`, (N, C), is 0 but for `out[i, index[i]]`."""
        rows.pick_by_input(self, out, grad, index)

    def _store(self, out: TensorData, array: np.ndarray[Any, Any]) -> None:
        self.map(identity, out, TensorData(self.from_numpy(array), out.shape))

    def conv2d(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        x: TensorData,
        weight: TensorData,
        bias: TensorData | None,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Correlate images with kernels; see `mt_tensor.defaults.convolution`."""
        convolution.conv2d(self, out, x, weight, bias, stride, padding)

    def conv2d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Pull a gradient back through `conv2d` to its images."""
        convolution.conv2d_by_input(self, out, grad, weight, stride, padding)

    def conv2d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        bias: TensorData | None,
        grad: TensorData,
        x: TensorData,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Pull a gradient back through `conv2d` to its kernels, and to a bias if there is one."""
        convolution.conv2d_by_weight(self, out, bias, grad, x, stride, padding)

    def conv1d(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        x: TensorData,
        weight: TensorData,
        bias: TensorData | None,
        stride: int,
        padding: int,
    ) -> None:
        """Correlate sequences; see `mt_tensor.defaults.convolution1d`."""
        convolution1d.conv1d(self, out, x, weight, bias, stride, padding)

    def conv1d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: int, padding: int
    ) -> None:
        """Pull a gradient back through `conv1d` to its sequences."""
        convolution1d.conv1d_by_input(self, out, grad, weight, stride, padding)

    def conv1d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        bias: TensorData | None,
        grad: TensorData,
        x: TensorData,
        stride: int,
        padding: int,
    ) -> None:
        """Pull a gradient back through `conv1d` to its kernels, and to a bias if there is one."""
        convolution1d.conv1d_by_weight(self, out, bias, grad, x, stride, padding)

    def avg_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Average over windows; see `mt_tensor.defaults.pooling`."""
        pooling.avg_pool2d(self, out, x, kernel, stride)

    def avg_pool2d_by_input(
        self, out: TensorData, grad: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `avg_pool2d`."""
        pooling.avg_pool2d_by_input(self, out, grad, kernel, stride)

    def max_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Take the maximum over windows; see `mt_tensor.defaults.pooling`."""
        pooling.max_pool2d(self, out, x, kernel, stride)

    def max_pool2d_by_input(
        self, out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `max_pool2d` to the first maximum of each window."""
        pooling.max_pool2d_by_input(self, out, grad, x, kernel, stride)

    def extremum_by_input(
        self, out: TensorData, grad: TensorData, a: TensorData, best: TensorData
    ) -> None:
        """Pull a gradient back through a maximum or minimum, `best`, to all elements that tie.

        `grad` and `best` have size 1 where `a` was folded. A gradient becomes nan where `best` is.
        """
        reduction.extremum_by_input(self, out, grad, a, best)

    def log_softmax(self, out: TensorData, x: TensorData, axis: int) -> None:
        """Normalise exponentials along an axis; see `mt_tensor.defaults.normalization`."""
        normalization.log_softmax(self, out, x, axis)

    def log_softmax_by_input(
        self, out: TensorData, grad: TensorData, y: TensorData, axis: int
    ) -> None:
        """Pull a gradient back through `log_softmax`, of which `y` is the result."""
        normalization.log_softmax_by_input(self, out, grad, y, axis)

    def dropout(self, out: TensorData, a: TensorData, p: float, key: int) -> None:
        """Set elements to 0 with probability `p`, scale the others by `1 / (1 - p)`.

        The key, an integer below 2^64, decides which, as `mt_tensor.defaults.dropout` says: the
        same for every dtype and layout on every backend. An element that is dropped becomes 0
        whatever it was.
        """
        dropout.dropout(self, out, a, p, key)

    def sgd_step(  # noqa: PLR0913  the numbers of the rule
        self,
        value: TensorData,
        grad: TensorData,
        velocity: TensorData | None,
        *,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        """Update a parameter and its velocity in place; see `mt_tensor.defaults.optimization`."""
        rates = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        optimization.sgd_step(self, value, grad, velocity, lr=lr, **rates, nesterov=nesterov)

    def sgd_steps(  # noqa: PLR0913  the numbers of the rule
        self,
        parts: Sequence[SgdPart],
        *,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        """Make an `sgd_step` of each part, in their order; the numbers are those of each."""
        rates = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        for value, grad, velocity in parts:
            self.sgd_step(value, grad, velocity, lr=lr, **rates, nesterov=nesterov)

    def adam_step(
        self,
        value: TensorData,
        grad: TensorData,
        mean: TensorData,
        square: TensorData,
        **rates: Any,
    ) -> None:
        """Update a parameter and its moments in place; see `mt_tensor.defaults.optimization`."""
        optimization.adam_step(self, value, grad, mean, square, **rates)

    def adam_steps(self, parts: Sequence[AdamPart], **rates: Any) -> None:
        """Make an `adam_step` of each part, in their order; the numbers are those of each."""
        for part in parts:
            self.adam_step(*part, **rates)
