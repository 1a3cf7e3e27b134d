"""Differentiable functions that are written by hand.

A `Function` is for what an elementwise operator cannot say: a sum along an axis, a matrix product.
As in `torch.autograd.Function`, a subclass has two static methods:

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_values
            return grad_output * 2.0 * x

Variables go by position; metadata (axes, shapes) by keyword, and never has a gradient.
"""

from typing import Any, ClassVar

from mt_autodiff.history import Context, History
from mt_autodiff.mode import mode
from mt_autodiff.variable import Variable


class Function:
    """A differentiable function of variables; subclass it with `forward` and `backward`."""

    __name__: ClassVar[str]

    @staticmethod
    def forward(ctx: Context, *inputs: Any, **metadata: Any) -> Any:
        """Compute the result from the inputs' values, saving in `ctx` what backward needs."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        """Return the gradient by each input (None: no gradient), as a tuple if several."""
        raise NotImplementedError

    @classmethod
    def apply(cls, *inputs: Any, **metadata: Any) -> Any:
        """Call it on variables and numbers, and record the call.

        Raises:
            TypeError: no input is a variable.
        """
        kind: Any = type(inputs[0]) if inputs else None
        if not hasattr(kind, "_admit"):
            kind = _kind(cls.__name__, inputs)
        variables = kind._admit(inputs)
        needed = tuple([v.history is not None for v in variables])
        ctx = Context(needed)
        recording = mode.recording
        mode.recording = False
        try:
            value = cls.forward(ctx, *kind._values(variables), **metadata)
        finally:
            mode.recording = recording
        history = History(cls, ctx, variables) if recording and True in needed else None
        return kind._result(value, history, cls.__name__)


def _kind(name: str, inputs: tuple[Any, ...]) -> type[Variable]:
    for x in inputs:
        if hasattr(x, "_admit"):  # isinstance of an abstract class takes several times as long
            return type(x)
    message = f"{name}.apply: no input is a variable: {inputs!r}"
    raise TypeError(message)
