"""A tensor as a node of the graph: its data, its backend, its gradient."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import copysign
from sys import getrefcount
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from mt_autodiff import (
    LEAF,
    GradientError,
    History,
    Variable,
    backpropagate,
    next_id,
)
from mt_operators import Op, add, identity
from mt_tensor.defaults.elementwise import copied
from mt_tensor.dtypes import DType, floating, nearest_dtype
from mt_tensor.errors import BackendError, DTypeError
from mt_tensor.functions.elementwise import elementwise
from mt_tensor.functions.reduction import fold
from mt_tensor.functions.rule import DataRule, Shares
from mt_tensor.layout import Shape, contiguous_strides
from mt_tensor.tensor_data import LARGE, TensorData, latest_write

if TYPE_CHECKING:
    from mt_tensor.backend import Backend

T = TypeVar("T", bound="TensorBase")
Hook = Callable[[Any], Any]
_allocate = object.__new__


class TensorBase(Variable):
    """What every tensor has, whatever operations are built on it.

    Args:
        data: the elements and their layout.
        backend: where the storage lives, and whose kernels run.
        history: how it was made; None for a constant.
    """

    __slots__ = ("backend", "data", "grad", "history", "hooks")

    def __init__(
        self, data: TensorData, backend: "Backend", history: History | None = None
    ) -> None:
        """Wrap data that lives on the backend."""
        self.data = data
        self.backend = backend
        self.history = history
        self.grad: Self | None = None
        self.hooks: dict[int, Hook] | None = None
        self.unique_id = next_id()

    @property
    def shape(self) -> Shape:
        """The size of each dimension."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.data.shape)

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.data.size

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self.data.dtype

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into it."""
        return self.history is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, flag: bool = True) -> Self:  # noqa: FBT001, FBT002  PyTorch's signature
        """Make it a leaf that keeps its gradient, or with False a constant.

        Raises:
            GradientError: its dtype has no gradients, or it is a non-leaf and `flag` is False.
        """
        if flag and self.dtype.kind != "f":
            message = f"requires_grad_: {self.dtype} has no gradients; only floats do: .to(float64)"
            raise GradientError(message)
        if not flag and self.history is not None and not self.is_leaf():
            message = (
                "requires_grad_(False): a result of a function stays in its graph; detach() it"
            )
            raise GradientError(message)
        if flag != self.requires_grad:
            self.history = LEAF if flag else None
        return self

    def detach(self) -> Self:
        """Return a constant with the same storage."""
        return self._new(self.data)

    def backward(self, grad_output: Any = None, *, retain_graph: bool = False) -> None:
        """Add to the `grad` of each leaf the derivative of this tensor by it.

        Args:
            grad_output: the derivative of some final value by this tensor, of its shape; may be
                left out where there is one element, and is 1 then.
            retain_graph: keep the graph for another backward.

        Raises:
            GradientError: there are several elements and no `grad_output`, its shape differs,
                this tensor is a constant, or its graph was freed.
            BackendError: `grad_output` lives on another backend.
        """
        if self.history is None:
            message = (
                f"backward: this tensor of shape {self.shape} is a constant: nothing that it was "
                "computed from requires a gradient, or it was computed under no_grad()"
            )
            raise GradientError(message)
        grad = self._seed() if grad_output is None else self._checked_seed(grad_output)
        backpropagate(self, grad.data, retain_graph=retain_graph)

    def _seed(self) -> Self:
        """Return the derivative of this tensor, which has one element, by itself."""
        data = self.data
        if data.size != 1:
            message = (
                f"backward: a tensor of shape {data.shape} has {data.size} elements; pass the "
                "gradient of each, or reduce it first: .sum().backward()"
            )
            raise GradientError(message)
        one = self._number(1.0).restrided(data.shape, contiguous_strides(data.shape))
        return self._new(self.backend.elementwise(identity, one))

    def _checked_seed(self, grad_output: Any) -> Self:
        """Bring what a user passed to `backward` to the form of this tensor."""
        (grad,) = self._admit((self, grad_output))[1:]
        if grad.size == 1 == self.size:
            grad = self._new(grad.data.restrided(self.shape, (1,) * self.ndim))
        if grad.shape != self.shape:
            message = f"backward: the gradient is {grad.shape} for a tensor of {self.shape}"
            raise GradientError(message)
        return _cast(grad, self.dtype) if grad.dtype is not self.dtype or self.is_leaf() else grad

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(grad)` when the gradient of this tensor is complete.

        Args:
            hook: may return another gradient of the same shape to go on with, or None.

        Returns:
            A function that removes the hook.

        Raises:
            GradientError: this tensor is a constant and gets no gradient.
        """
        if self.history is None:
            message = "register_hook: this tensor is a constant and gets no gradient"
            raise GradientError(message)
        hooks = self.hooks = {} if self.hooks is None else self.hooks
        key = next_id()
        hooks[key] = hook

        def remove() -> None:
            hooks.pop(key, None)

        return remove

    def is_leaf(self) -> bool:
        """Whether a user made it, so that its gradient is kept."""
        history = self.history
        return history is not None and history.last_fn is None

    def chain_rule(self, grad_output: Any) -> Iterable[tuple[Variable, Any]]:
        """Return each input that wants a gradient, with this node's contribution to it.

        Raises:
            GradientError: as `Variable.chain_rule`; or what the function saved has been written
                in place since.
        """
        if self.history is None or self.history.ctx is None:
            return super().chain_rule(grad_output)
        shares = self.pass_on(grad_output.data, retain_graph=True)
        return [(v, v._new(share)) for v, share in shares]

    def pass_on(self, grad: TensorData, retain_graph: bool) -> Shares:  # noqa: FBT001
        """Take part in a backward, which carries gradients as data, without tensors around them.

        Raises:
            GradientError: as `chain_rule`.
        """
        history: Any = self.history
        if history is None:  # no longer a leaf that wants one
            return []
        rule = history.last_fn
        if rule is None:
            self._accumulate(self._new(grad))
            return []
        if latest_write[0] > self.unique_id:
            _check_saved(history, self.unique_id)
        spare = not retain_graph and len(grad.storage) >= LARGE and getrefcount(grad) == _ALONE
        if self.hooks:
            grad, spare = self._hooked(self._new(grad)).data, False
        if isinstance(rule, DataRule) and history.ctx is not None:
            give = rule.shares_over if spare else rule.shares
            shares = give(history.inputs, history.ctx, grad, self.backend)
        else:
            both = zip(history.inputs, history.backward(self._new(grad)), strict=True)
            shares = [(v, v._carried(g)) for v, g in both if g is not None and v.history]
        for v, share in shares:
            data, storage = v.data, share.storage
            dtype = data.storage.dtype if type(data) is TensorData else data.dtype
            shared = storage is grad.storage and v.is_leaf()
            if shared or share.shape != data.shape or storage.dtype is not dtype:
                shares = [(v, v._own(share, grad)) for v, share in shares]
                break
        if not retain_graph:
            history.ctx = None
            history.inputs = ()
        return shares

    def zero_grad_(self) -> None:
        """Forget the gradient that has been accumulated."""
        self.grad = None

    @classmethod
    def __apply_op__(cls, op: Op, *args: Any) -> Self:
        """Apply an operator elementwise, with broadcasting, and record it."""
        return elementwise(op, *cls._admit(args))

    def _new(self, data: TensorData) -> Self:
        """Return a constant over other data of the same backend.

        Nearly all tensors are made here, so it does what the constructor does itself.
        """
        made = _allocate(type(self))
        made.data = data
        made.backend = self.backend
        made.history = None
        made.grad = None
        made.hooks = None
        made.unique_id = next_id()
        return made

    def _edge(self) -> Self:
        """Return what a graph keeps of this tensor where a function that it goes into does not.

        That is a result without its elements, where they are many: what came before an activation
        is free as soon as the user lets go of it. Leaves and constants are kept as they are.
        """
        history = self.history
        if history is None or history.last_fn is None or len(self.data.storage) < LARGE:
            return self
        outline: Any = self.data.outline()
        edge = self._new(outline)
        edge.history, edge.unique_id = history, self.unique_id
        edge.hooks = self.hooks = {} if self.hooks is None else self.hooks  # with later ones
        return edge

    def _like(self, values: Iterable[Any]) -> tuple[Self, ...]:
        """Make each value a tensor on this one's backend; numbers take its dtype."""
        return tuple([v if type(v) is type(self) else self._constant(v) for v in values])

    def _constant(self, value: Any) -> Self:
        if isinstance(value, (bool, int, float)):
            return self._new(self._number(value))
        if isinstance(value, TensorBase):
            return value  # type: ignore[return-value]  # a tensor of a sibling class
        array = np.asarray(value)
        if array.dtype == object:
            message = f"{type(value).__name__} {value!r} is not a number, a tensor or an array"
            raise DTypeError(message)
        return self._new(self.backend.from_array(array.astype(nearest_dtype(array.dtype))))

    def _number(self, value: float) -> TensorData:
        """Return a number as a tensor without dimensions, of this dtype if that is a float."""
        dtype = floating(self.data.storage.dtype)
        return _number(self.backend, value, copysign(1.0, value), dtype)

    @classmethod
    def _admit(cls, inputs: tuple[Any, ...]) -> tuple[Self, ...]:
        first = inputs[0]
        if type(first) is cls:
            backend = first.backend
            for x in inputs:
                if type(x) is not cls or x.backend is not backend:
                    break
            else:
                return inputs
        given = [x for x in inputs if isinstance(x, TensorBase)]
        home = next((x for x in given if x.dtype.kind == "f"), given[0])
        tensors = home._like(inputs)
        for t in tensors:
            if t.backend is not home.backend:
                message = (
                    f"one tensor is on {home.backend.name!r} and another on {t.backend.name!r}; "
                    f"move one: .to({home.backend.name!r})"
                )
                raise BackendError(message)
        return tensors  # type: ignore[return-value]  # tensors of this class or of a sibling

    @classmethod
    def _values(cls, variables: tuple[Self, ...]) -> tuple[Self, ...]:
        return variables

    @classmethod
    def _result(cls, value: Any, history: History | None, name: str) -> Self:
        # An exact look first: isinstance of an abstract class takes several times as long.
        if type(value) is not cls and not isinstance(value, TensorBase):
            message = f"{name}: forward returned {value!r}; a function of tensors returns a tensor"
            raise TypeError(message)
        return type(value)(value.data, value.backend, history)  # type: ignore[return-value]

    def _fit(self, grad: Any) -> Self:
        if type(grad) is type(self):
            fitted: Self = grad
        else:
            given = self._constant(grad)
            if isinstance(grad, (bool, int, float)):
                given = self._new(given.data.expand(self.data.shape))
            fitted = _cast(given, self.dtype)
        if fitted.data.shape != self.data.shape:
            fitted = _sum_to(fitted, self.data.shape)
        if fitted.data.storage.dtype is not self.data.dtype:
            fitted = _cast(fitted, self.dtype)
        return fitted

    def _own(self, share: TensorData, grad: TensorData) -> TensorData:
        """Bring a share of a gradient to this tensor's form; that of a leaf to its own storage.

        What a leaf keeps may be written to, so it must not lie where another gradient does.
        """
        if share.shape != self.data.shape or share.storage.dtype is not self.data.dtype:
            return self._carried(self._new(share))
        if share.storage is grad.storage and self.is_leaf():
            return self.backend.elementwise(identity, share)
        return share

    def _carried(self, grad: Any) -> TensorData:
        """Bring what a function's backward returned to the form in which a backward carries it."""
        if type(grad) is type(self) and grad.backend is self.backend:
            data: TensorData = grad.data
            if data.shape == self.data.shape and data.storage.dtype is self.data.dtype:
                return data
        fitted: Any = self._fit(grad)
        return fitted.to(self.backend).data  # type: ignore[no-any-return]

    def _sum(self, share: TensorData, other: TensorData) -> TensorData:
        return self.backend.elementwise(add, share, other)

    def _accumulate(self, grad: Self) -> None:
        grad = self._hooked(grad) if self.hooks else grad
        self.grad = grad if self.grad is None else elementwise(add, self.grad, grad)

    def _hooked(self, grad: Any) -> Any:
        for hook in tuple((self.hooks or {}).values()):
            replaced = hook(grad)
            grad = grad if replaced is None else self._fit(replaced)
        return grad


def _passed_on(grad: object) -> int:
    return getrefcount(grad)


def _walked() -> int:
    grad = object()
    return _passed_on(grad)


_ALONE = _walked()
"""What `pass_on` counts of a gradient that only the walk holds; versions of Python differ."""


def _check_saved(history: History, made: int) -> None:
    """Refuse to use elements that were overwritten after a node saved them."""
    ctx: Any = history.ctx
    for saved in ctx if isinstance(ctx, tuple) else ctx.saved_values:
        data = saved.data if isinstance(saved, TensorBase) else saved
        if isinstance(data, TensorData) and data.last_write[0] > made:
            name: Any = history.last_fn
            message = (
                f"{name.__name__}: a tensor of {data.shape} that it saved for its backward has "
                "been written in place since; write to a clone() instead"
            )
            raise GradientError(message)


@lru_cache(maxsize=512)
def _number(
    backend: "Backend",
    value: float,
    sign: float,  # noqa: ARG001  tells -0.0 from 0.0, which are equal
    dtype: DType,
) -> TensorData:
    """Return one element, kept for the next use."""
    return backend.full((), value, dtype)


def _sum_to(grad: T, shape: Shape) -> T:
    """Sum a gradient over the dimensions that broadcasting stretched."""
    lead = grad.ndim - len(shape)
    stretched = [n == 1 != g for n, g in zip(shape, grad.shape[max(lead, 0) :], strict=False)]
    kept = [1 if s else g for s, g in zip(stretched, grad.shape[max(lead, 0) :], strict=True)]
    if lead < 0 or tuple(kept) != shape:
        message = f"a backward returned a gradient of {grad.shape} for an input of {shape}"
        raise GradientError(message)
    axes = (*range(lead), *(lead + d for d, s in enumerate(stretched) if s))
    total = fold(add, grad, axes)
    return grad._new(total.data.restrided(shape, total.data.strides[lead:]))


def _cast(a: T, dtype: DType) -> T:
    return a._new(copied(a.backend, a.data, dtype))
