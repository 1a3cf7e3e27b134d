"""Module 1: functions of scalars, made from operators or written by hand."""

# ruff: noqa: D101  the operator says what a class computes

from typing import Any, ClassVar

import mt_autodiff
import mt_operators
from minitorch.autodiff import Context
from minitorch.scalar import LOG, Scalar, ScalarLike
from mt_autodiff import History
from mt_operators import Op


def wrap_tuple(x: Any) -> tuple[Any, ...]:
    """Make a tuple of what is not one."""
    return x if isinstance(x, tuple) else (x,)


def unwrap_tuple(x: tuple[Any, ...]) -> Any:
    """Return the one item of a tuple, or the tuple if there are more."""
    return x[0] if len(x) == 1 else x


class ScalarFunction(mt_autodiff.Function):
    """A function of scalars; subclass it with `forward` and `backward`, both static.

    `forward(ctx, *floats)` returns a float; `backward(ctx, d_output)` returns the derivative by
    each input times `d_output`: a float, or a tuple of them.
    """

    @classmethod
    def _forward(cls, ctx: Context, *inps: float) -> float:
        return cls.forward(ctx, *inps)  # type: ignore[no-any-return]

    @classmethod
    def _backward(cls, ctx: Context, d_out: float) -> tuple[float, ...]:
        return wrap_tuple(cls.backward(ctx, d_out))

    @classmethod
    def apply(cls, *vals: ScalarLike) -> Scalar:
        """Call it on scalars and numbers, each of which becomes a leaf, and record the call.

        Raises:
            AssertionError: forward returned something else than a float.
        """
        scalars = [v if isinstance(v, Scalar) else Scalar(v) for v in vals]
        ctx = Context()
        c = cls._forward(ctx, *(s.data for s in scalars))
        if not isinstance(c, float):
            message = f"{cls.__name__}: forward returned {c!r}, a {type(c).__name__}, not a float"
            raise AssertionError(message)  # noqa: TRY004  what the course raises
        return Scalar(c, History(cls, ctx, scalars))


class OfOperator(ScalarFunction):
    """An operator as a function of scalars: its derivatives are the operator's partials."""

    op: ClassVar[Op]

    @classmethod
    def forward(cls, ctx: Context, *inputs: float) -> float:  # type: ignore[override]
        """Apply the operator."""
        out = cls.op.forward(*inputs)
        ctx.save_for_backward(*(inputs if cls.op.saves == "inputs" else (out,)))
        return out

    @classmethod
    def backward(cls, ctx: Context, d_output: float) -> Any:  # type: ignore[override]
        """Return `d_output` times each partial."""
        shares = tuple(d_output * partial(*ctx.saved_values) for partial in cls.op.partials)
        return unwrap_tuple(shares)


class Add(OfOperator):
    op = mt_operators.add


class Mul(OfOperator):
    op = mt_operators.mul


class Neg(OfOperator):
    op = mt_operators.neg


class Inv(OfOperator):
    op = mt_operators.inv


class Log(OfOperator):
    op = LOG


class Exp(OfOperator):
    op = mt_operators.exp


class Sigmoid(OfOperator):
    op = mt_operators.sigmoid


class ReLU(OfOperator):
    op = mt_operators.relu


class LT(OfOperator):
    op = mt_operators.lt


class EQ(OfOperator):
    op = mt_operators.eq
