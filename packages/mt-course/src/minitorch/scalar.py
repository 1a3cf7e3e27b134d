"""Module 1: the number that remembers, `mt_autodiff.Scalar` with the course's spelling."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import mt_autodiff
from minitorch import operators
from minitorch.autodiff import central_difference
from mt_autodiff import LEAF
from mt_autodiff.scalar_methods import binary, unary
from mt_operators import Op, eq, gt, lt, op

ScalarLike: TypeAlias = "float | int | Scalar"

_var_count = 0
"""A name of the course's; the engine numbers its variables itself."""

TOLERANCE = 1e-2
"""How far `derivative_check` lets derivatives differ, relatively or absolutely."""

LOG = op(lambda x: 1.0 / (x + operators.EPS), domain=((0.1, 10.0),))(operators.log)
"""The course's logarithm, with its derivative."""


def _flat(predicate: Op) -> Op:
    """Give a predicate the derivative 0 instead of none, so that it is no constant."""
    return op(lambda _x, _y: 0.0, lambda _x, _y: 0.0)(predicate.forward)


class ScalarHistory(mt_autodiff.History):
    """The function that made a scalar, its context, and the scalars it was called on."""

    __slots__ = ()

    def __init__(
        self, last_fn: Any = None, ctx: Any = None, inputs: Sequence["Scalar"] = ()
    ) -> None:
        """Without arguments: the history of a leaf."""
        super().__init__(last_fn, ctx, inputs)

    def __repr__(self) -> str:
        """Show the parts."""
        return f"ScalarHistory(last_fn={self.last_fn}, ctx={self.ctx}, inputs={self.inputs})"


class Scalar(mt_autodiff.Scalar):
    """A float with a history.

    Args:
        v: the value.
        back: how it was computed; a leaf if not given, a constant if None.
        name: what drawings call it; its serial number if not given.
        history: another spelling of `back`.

    Attributes:
        data: the value.
        derivative: of what `backward` was called on, by this leaf.
        history: how it was computed.

    >>> x = Scalar(0.0)
    >>> (x.exp() + 2 * x).backward()
    >>> x, x.derivative
    (Scalar(0.000000), 3.0)
    """

    __slots__ = ("__dict__",)

    def __init__(
        self,
        v: float,
        back: mt_autodiff.History | None = LEAF,
        name: str | None = None,
        *,
        history: mt_autodiff.History | None = LEAF,
    ) -> None:
        """Make a leaf, or with `back=None` a constant."""
        super().__init__(v, back if history is LEAF else history, name or "")

    log = unary(LOG)
    __lt__, __gt__, __eq__ = binary(_flat(lt)), binary(_flat(gt)), binary(_flat(eq))
    __hash__ = mt_autodiff.Scalar.__hash__

    def backward(
        self,
        d_output: float | None = None,
        *,
        retain_graph: bool = True,
        create_graph: bool = False,
    ) -> None:
        """Add to each leaf's derivative that of this scalar by it, times `d_output` or 1.

        Raises:
            GradientError: this is a constant, its graph was freed, or `create_graph` is asked.
        """
        d = 1.0 if d_output is None else d_output
        super().backward(d, retain_graph=retain_graph, create_graph=create_graph)

    def chain_rule(self, d_output: float) -> Iterable[tuple[mt_autodiff.Variable, float]]:
        """Yield each input that is no constant, with the derivative by it, times `d_output`."""
        return super().chain_rule(d_output)

    def accumulate_derivative(self, x: float) -> None:
        """Add to the derivative of a leaf.

        Raises:
            AssertionError: this is not a leaf.
        """
        if not self.is_leaf():
            message = f"accumulate_derivative: {self!r} is not a leaf"
            raise AssertionError(message)
        self._accumulate(x)

    def __repr__(self) -> str:
        """Show the value."""
        return f"Scalar({self.data:f})"


def derivative_check(f: Any, *scalars: Scalar) -> None:
    """Compare the derivatives that `backward` finds with differences, to a hundredth.

    Args:
        f: a function of scalars.
        scalars: where.

    Raises:
        AssertionError: one differs; the message has the function, the place and both values.

    >>> derivative_check(lambda x, y: x * y.sigmoid(), Scalar(2.0), Scalar(-1.0))
    """
    for x in scalars:
        x.derivative = None
    f(*scalars).backward()
    for i, x in enumerate(scalars):
        check = central_difference(f, *scalars, arg=i).data
        found = 0.0 if x.derivative is None else x.derivative
        if not abs(found - check) <= TOLERANCE + TOLERANCE * abs(check):
            name = getattr(f, "__name__", f)
            message = (
                f"{name} at {scalars}: backward gives {found} by argument {i}, "
                f"a central difference {check}"
            )
            raise AssertionError(message)
