"""A number that remembers how it was computed."""

from numbers import Real
from typing import Any, Self

from mt_autodiff.backpropagation import backpropagate
from mt_autodiff.errors import GradientError
from mt_autodiff.history import LEAF, History
from mt_autodiff.mode import mode
from mt_autodiff.scalar_methods import binary, reflected, unary
from mt_autodiff.scalar_node import ScalarNode, node
from mt_autodiff.scalar_rule import scalar_rule
from mt_autodiff.variable import next_id
from mt_operators import (
    Op,
    absolute,
    add,
    clamp,
    cos,
    div,
    eq,
    erf,
    exp,
    ge,
    gelu,
    gt,
    identity,
    is_close,
    le,
    leaky_relu,
    log,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    power,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    sub,
    tanh,
)


class Scalar(ScalarNode):
    """A float with a history.

    `Scalar(2.0)` is a leaf: a backward leaves its derivative in `derivative`. `Scalar(2.0, None)`
    is a constant, as are the numbers that it is mixed with. A comparison gives a constant, 1.0 or
    0.0. Every operator takes scalars as well as numbers: `mt_operators.maximum(x, 0.5)`.

    Args:
        data: its value, a real number.
        history: how it was computed; None for a constant.
        name: what drawings call it.

    Attributes:
        data: its value.
        derivative: of the results that `backward` was called on, by this leaf; None before.

    Raises:
        TypeError: `data` is not a real number.

    >>> x = Scalar(3.0, name="x")
    >>> y = x * x + 2.0 * x
    >>> y.backward()
    >>> y, x
    (Scalar(15), Scalar(3, name='x', derivative=8))
    """

    __slots__ = ()

    def __init__(self, data: float, history: History | None = LEAF, name: str = "") -> None:
        """Make a leaf, or with `history=None` a constant."""
        if type(data) is not float and not isinstance(data, Real):
            message = f"Scalar: {data!r} is a {type(data).__name__}, not a real number"
            raise TypeError(message)
        self.data = float(data)
        self.made_by = history
        self.derivative = None
        self.given_name = name
        self.unique_id = next_id()

    @property
    def name(self) -> str:
        """The name it was given, else its serial number."""
        return self.given_name or str(self.unique_id)

    @name.setter
    def name(self, name: str) -> None:
        self.given_name = name

    def backward(
        self, d_output: float = 1.0, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add to each leaf's `derivative` that of this scalar by it, times `d_output`.

        Args:
            d_output: the derivative of some final value by this scalar.
            retain_graph: keep the graph for another backward.
            create_graph: refused: there are first derivatives only.

        Raises:
            GradientError: this is a constant, its graph was freed, or `create_graph` is asked.
        """
        backpropagate(self, d_output, retain_graph=retain_graph, create_graph=create_graph)

    @classmethod
    def __apply_op__(cls, op: Op, *args: Any) -> "Scalar":
        """Apply an operator of any number of inputs and record it."""
        scalars = cls._admit(args)
        if len(args) == op.arity == 1:
            return unary(op)(*scalars)
        if len(args) == op.arity == 2:  # noqa: PLR2004
            return binary(op)(*scalars)
        values = tuple([s.data for s in scalars])
        data = op.forward(*values)
        wanted = any(s.made_by is not None for s in scalars)
        if not (wanted and op.differentiable and mode.recording):
            return node(cls, data, None)
        rule = scalar_rule(op)
        return node(cls, data, History(rule, rule.saved(values, data), scalars))

    __add__, __radd__ = binary(add), reflected(add)
    __sub__, __rsub__ = binary(sub), reflected(sub)
    __mul__, __rmul__ = binary(mul), reflected(mul)
    __truediv__, __rtruediv__ = binary(div), reflected(div)
    __pow__, __rpow__ = binary(power), reflected(power)
    __neg__, __pos__, __abs__ = unary(neg), unary(identity), unary(absolute)
    __lt__, __le__, __gt__, __ge__ = binary(lt), binary(le), binary(gt), binary(ge)
    __eq__, __ne__ = binary(eq), binary(ne)  # type: ignore[assignment]  # a Scalar, not a bool

    exp, log, sqrt = unary(exp), unary(log), unary(sqrt)
    sin, cos, tanh = unary(sin), unary(cos), unary(tanh)
    relu, sigmoid, softplus = unary(relu), unary(sigmoid), unary(softplus)
    erf, gelu, leaky_relu = unary(erf), unary(gelu), binary(leaky_relu)
    maximum, minimum, is_close = binary(maximum), binary(minimum), binary(is_close)

    def clamp(self, low: Any, high: Any) -> "Scalar":
        """Bring it between two bounds, scalars or numbers."""
        return self.__apply_op__(clamp, self, low, high)

    def __hash__(self) -> int:
        """Return its serial number: `==` compares values, and says nothing of identity."""
        return self.unique_id

    def __bool__(self) -> bool:
        """Whether it is not zero, so that a comparison can be asked."""
        return bool(self.data)

    def __float__(self) -> float:
        """Return the value."""
        return self.data

    def __repr__(self) -> str:
        """Show the value, and the name and the derivative where it has them."""
        name = f", name={self.given_name!r}" if self.given_name else ""
        derivative = "" if self.derivative is None else f", derivative={self.derivative:g}"
        return f"Scalar({self.data:g}{name}{derivative})"

    def __format__(self, spec: str) -> str:
        """Format the value, as in `f"{loss:.3f}"`."""
        return format(self.data, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle a leaf or a constant under a new serial number, without derivative.

        Raises:
            GradientError: it is a non-leaf, whose copy would need a copy of its graph.
        """
        if not (self.is_constant() or self.is_leaf()):
            message = f"{self!r} cannot be copied with its graph; Scalar(float(x)) makes a leaf"
            raise GradientError(message)
        return _remade, (type(self), self.data, self.is_constant(), self.given_name)

    @classmethod
    def _admit(cls, inputs: tuple[Any, ...]) -> tuple[Self, ...]:
        return tuple([x if isinstance(x, Scalar) else cls(x, None) for x in inputs])  # type: ignore[misc]

    @classmethod
    def _values(cls, variables: tuple[Self, ...]) -> tuple[float, ...]:
        return tuple([v.data for v in variables])

    @classmethod
    def _result(cls, value: Any, history: History | None, name: str) -> Self:
        if not isinstance(value, float):
            message = f"{name}: forward returned {value!r}; a function of scalars returns a float"
            raise TypeError(message)
        return cls(value, history)

    def _fit(self, grad: Any) -> float:
        return float(grad)

    def _accumulate(self, grad: float) -> None:
        self.derivative = grad if self.derivative is None else self.derivative + grad


def _remade(kind: type[Scalar], data: float, constant: bool, name: str) -> Scalar:  # noqa: FBT001
    return kind(data, None if constant else LEAF, name)
