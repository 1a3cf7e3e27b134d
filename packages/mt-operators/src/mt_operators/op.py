r"""An elementwise operator as a value: its function, its derivatives, and where both hold.

A network is built from a few functions of one or two numbers. Each is written once, in one
stanza, and everything else (scalars, tensors, compiled kernels, tests) is derived from it:

    @op(lambda s: s * (1.0 - s), saves="output")
    def sigmoid(x: float) -> float:
        "$1/(1+e^{-x})$."
        return 1.0 / (1.0 + exp(-x))

Choices and notation:

- An operator of $n$ inputs has $n$ *partials*, $\partial f/\partial x_i$, in the order of its
  inputs. They are functions of what the operator *saves*: its inputs, or its output where that
  makes a cheaper formula, as above.
- The functions are pure and take and return floats, so that any compiler can have them. They
  follow IEEE 754 at the edges and never raise.
- `zero` and `one` name the two constant partials that an engine can act on without a call.
- An operator knows no type but float. A type that wants to be an argument (a scalar variable, a
  tensor) defines `__apply_op__`, and calling the operator with it reaches that method.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import WRAPPER_ASSIGNMENTS, cached_property
from typing import Any, Literal, overload

FloatFn = Callable[..., float]
Interval = tuple[float, float]

EVERYWHERE: Interval = (-10.0, 10.0)


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """An elementwise operator: a pure float function with everything derived work needs.

    Attributes:
        forward: the function, of one or more floats.
        partials: one partial derivative for each input.
        saves: what the partials are functions of, `"inputs"` or `"output"`.
        domain: for each input, an interval in which tests may sample it.
        kink: a function of the inputs that is 0 where the derivative jumps, or None.
        unit: the value that leaves the other operand unchanged, for operators that reduce.
        predicate: whether the result is a truth value, 1.0 or 0.0.
    """

    forward: FloatFn
    partials: tuple[FloatFn, ...]
    saves: Literal["inputs", "output"]
    domain: tuple[Interval, ...]
    kink: FloatFn | None
    unit: float | None
    predicate: bool

    def __post_init__(self) -> None:
        """Look like the function to `help`, `inspect` and documentation tools."""
        named: dict[str, Any] = {n: getattr(self.forward, n) for n in WRAPPER_ASSIGNMENTS}
        vars(self).update(named, __wrapped__=self.forward)

    @overload
    def __call__(self, *args: float) -> float: ...
    @overload
    def __call__(self, *args: Any) -> Any: ...
    def __call__(self, *args: Any) -> Any:
        """Apply to floats, or to any type that defines `__apply_op__`."""
        for arg in args:
            if type(arg) is not float and hasattr(type(arg), "__apply_op__"):
                return type(arg).__apply_op__(self, *args)
        return self.forward(*args)

    def __repr__(self) -> str:
        """Show the name and the inputs, as in `<op pow(x, y)>`."""
        return f"<op {self.name}({', '.join(inspect.signature(self.forward).parameters)})>"

    def __reduce__(self) -> str:
        """Copy and pickle by name, as functions are."""
        return self.name

    @cached_property
    def name(self) -> str:
        """The name of the function that defines it."""
        return self.forward.__name__

    @cached_property
    def arity(self) -> int:
        """How many inputs it has."""
        return len(self.partials)

    @cached_property
    def differentiable(self) -> bool:
        """Whether any partial can differ from zero."""
        return any(partial is not zero for partial in self.partials)

    @cached_property
    def saves_nothing(self) -> bool:
        """Whether every partial is constant, so that backpropagation needs no saved value."""
        return all(partial is zero or partial is one for partial in self.partials)

    @cached_property
    def pullbacks(self) -> tuple[FloatFn, ...]:
        """For each input, `d, *saved -> d * partial(*saved)`: its backward step in one pass."""
        return tuple(_pullback(self, i) for i in range(self.arity))


def op(
    *partials: FloatFn,
    saves: Literal["inputs", "output"] = "inputs",
    domain: tuple[Interval, ...] | None = None,
    kink: FloatFn | None = None,
    unit: float | None = None,
    predicate: bool = False,
) -> Callable[[FloatFn], Op]:
    r"""Define an operator: `@op(*partials)` above its function.

    Args:
        partials: one for each input of the function, in order. Each takes all the inputs, or
            the output alone where `saves="output"`; `zero` and `one` take anything.
        saves: what the partials are functions of.
        domain: an interval for each input in which tests may sample it; default $[-10, 10]$.
        kink: a function of the inputs, 0 where the derivative jumps (`lambda x: x` for relu).
        unit: the start value of a reduction, such as 0.0 for add.
        predicate: the result is a truth value.

    Raises:
        TypeError: a partial is missing, superfluous or of the wrong arity, or the domain has
            the wrong length.

    >>> @op(lambda x: 2.0 * x)
    ... def square(x: float) -> float:
    ...     return x * x
    >>> square(3.0), square.partials[0](3.0)
    (9.0, 6.0)
    """

    def define(forward: FloatFn) -> Op:
        arity = len(inspect.signature(forward).parameters)
        _check(forward.__name__, arity, partials, saves)
        intervals = (EVERYWHERE,) * arity if domain is None else domain
        if len(intervals) != arity:
            message = f"{forward.__name__}: {arity} inputs but {len(intervals)} domain intervals"
            raise TypeError(message)
        return Op(forward, partials, saves, intervals, kink, unit, predicate)

    return define


def zero(*_: float) -> float:
    """Be the partial of a step: 0 everywhere. An engine takes it to mean: no gradient."""
    return 0.0


def one(*_: float) -> float:
    """Be the partial of a sum: 1 everywhere. An engine passes the gradient through."""
    return 1.0


def _check(name: str, arity: int, partials: tuple[FloatFn, ...], saves: str) -> None:
    if saves not in ("inputs", "output"):
        message = f"{name}: saves must be 'inputs' or 'output', not {saves!r}"
        raise TypeError(message)
    if len(partials) != arity:
        message = f"{name}: {arity} inputs but {len(partials)} partials; each input needs one"
        raise TypeError(message)
    wanted = arity if saves == "inputs" else 1
    for i, partial in enumerate(partials):
        try:
            inspect.signature(partial).bind(*[0.0] * wanted)
        except TypeError:
            message = f"{name}: partial {i} must take {wanted} argument(s), the {saves}"
            raise TypeError(message) from None


def _pullback(operator: Op, i: int) -> FloatFn:
    """Return one function of a fixed number of arguments, which is what compilers take."""
    partial = operator.partials[i]

    def of_one(d: float, x: float) -> float:
        return d * partial(x)

    def of_two(d: float, x: float, y: float) -> float:
        return d * partial(x, y)

    def of_three(d: float, x: float, y: float, z: float) -> float:
        return d * partial(x, y, z)

    def of_many(d: float, *saved: float) -> float:
        return d * partial(*saved)

    saved = operator.arity if operator.saves == "inputs" else 1
    fixed: dict[int, FloatFn] = {1: of_one, 2: of_two, 3: of_three}
    chosen = fixed.get(saved, of_many)
    chosen.__name__ = chosen.__qualname__ = f"{operator.name}_pullback_{i}"
    return chosen
