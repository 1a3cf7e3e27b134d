"""A number that remembers how it was computed."""

from functools import cache
from typing import Any, Self

from mt_operators import Op, add, div, eq, exp, gt, log, lt, mul, neg, relu, sigmoid, sub

from mt_autodiff.backpropagation import backpropagate
from mt_autodiff.function import Elementwise
from mt_autodiff.history import LEAF, Context, History
from mt_autodiff.mode import mode
from mt_autodiff.variable import Variable, next_id

ScalarLike = "float | int | Scalar"


class Scalar(Variable):
    """A float with a history.

    `Scalar(2.0)` is a leaf: a backward leaves its derivative in `derivative`. `Scalar(2.0, None)`
    is a constant, as are the numbers that it is mixed with.

    >>> x = Scalar(3.0)
    >>> (x * x + 2.0 * x).backward()
    >>> x.derivative
    8.0
    """

    __slots__ = ("_name", "data", "derivative")

    def __init__(self, data: float, history: History | None = LEAF, name: str = "") -> None:
        """Make a leaf, or with `history=None` a constant."""
        self.data = float(data)
        self.history = history
        self.unique_id = next_id()
        self.derivative: float | None = None
        self._name = name

    @property
    def name(self) -> str:
        """The name it was given, else its serial number."""
        return self._name or str(self.unique_id)

    def __repr__(self) -> str:
        """Show the value, and the derivative once there is one."""
        if self.derivative is None:
            return f"Scalar({self.data:g})"
        return f"Scalar({self.data:g}, derivative={self.derivative:g})"

    @classmethod
    def __apply_op__(cls, op: Op, *args: Any) -> "Scalar":  # noqa: ANN401
        """Apply an operator and record it."""
        scalars = cls._admit(args)
        values = [s.data for s in scalars]
        data = op.forward(*values)
        if not (mode.recording and op.differentiable):
            return Scalar(data, None)
        needs = tuple(s.history is not None for s in scalars)
        if not any(needs):
            return Scalar(data, None)
        ctx = Context(needs)
        if not op.saves_nothing:
            ctx.saved_values = tuple(values) if op.saves == "inputs" else (data,)
        return Scalar(data, History(_rule(op), ctx, scalars))

    def __add__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(add, self, other)

    def __sub__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(sub, self, other)

    def __mul__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(mul, self, other)

    def __truediv__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(div, self, other)

    def __radd__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(add, other, self)

    def __rsub__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(sub, other, self)

    def __rmul__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(mul, other, self)

    def __rtruediv__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(div, other, self)

    def __neg__(self) -> "Scalar":
        return Scalar.__apply_op__(neg, self)

    def __lt__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(lt, self, other)

    def __gt__(self, other: ScalarLike) -> "Scalar":
        return Scalar.__apply_op__(gt, self, other)

    def __eq__(self, other: object) -> "Scalar":  # type: ignore[override]
        return Scalar.__apply_op__(eq, self, other)

    def __hash__(self) -> int:
        return self.unique_id

    def __bool__(self) -> bool:
        return bool(self.data)

    def log(self) -> "Scalar":
        """Natural logarithm."""
        return Scalar.__apply_op__(log, self)

    def exp(self) -> "Scalar":
        """Exponential."""
        return Scalar.__apply_op__(exp, self)

    def sigmoid(self) -> "Scalar":
        """Logistic function."""
        return Scalar.__apply_op__(sigmoid, self)

    def relu(self) -> "Scalar":
        """Rectifier."""
        return Scalar.__apply_op__(relu, self)

    def backward(self, d_output: float = 1.0, *, retain_graph: bool = False) -> None:
        """Add to each leaf's `derivative` that of this scalar by it, times `d_output`."""
        backpropagate(self, d_output, retain_graph=retain_graph)

    @classmethod
    def _admit(cls, inputs: tuple[Any, ...]) -> tuple[Self, ...]:
        return tuple(x if isinstance(x, Scalar) else Scalar(x, None) for x in inputs)  # type: ignore[misc]

    def _value(self) -> float:
        return self.data

    @classmethod
    def _result(cls, value: Any, history: History | None, name: str) -> Self:  # noqa: ANN401
        if not isinstance(value, float):
            message = f"{name}: forward returned {value!r}; a function of scalars returns a float"
            raise TypeError(message)
        return cls(value, history)

    def _fit(self, grad: Any) -> float:  # noqa: ANN401
        return float(grad)

    def _accumulate(self, grad: float) -> None:
        self.derivative = grad if self.derivative is None else self.derivative + grad


@cache
def _rule(op: Op) -> Elementwise:
    return Elementwise(op, lambda fn, *values: fn(*values))
