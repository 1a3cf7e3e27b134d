"""Differentiable functions: written by hand as a `Function`, or derived from an `Op`.

`Function` is for what an elementwise operator cannot say: a sum along an axis, a matrix product.
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

from collections.abc import Callable
from typing import Any, ClassVar

from mt_autodiff.history import Context, History
from mt_autodiff.mode import mode
from mt_autodiff.variable import Variable
from mt_operators import Op
from mt_operators.op import one, zero

Call = Callable[[Callable[..., float], tuple[Any, ...]], Any]


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


class Elementwise:
    """An operator as a rule of the graph: its backward is `d * partial` for each input.

    What it keeps for its backward is the tuple of values that its partials take.

    Args:
        op: the operator.
        needed: for each input, whether anyone will use its gradient.
        call: applies a float function to a tuple of values of this kind: for tensors, a kernel
            over their storages.
    """

    __slots__ = ("__name__", "_blank", "_call", "_only", "_passed", "_pulled", "op")

    def __init__(self, op: Op, needed: tuple[bool, ...], call: Call) -> None:
        """Derive the rule from the operator."""
        self.op = op
        self.__name__ = op.name
        self._call = call
        self._blank = [None] * op.arity
        wanted = [i for i in range(op.arity) if needed[i] and op.partials[i] is not zero]
        self._passed = [i for i in wanted if op.partials[i] is one]
        self._pulled = [(i, op.pullbacks[i]) for i in wanted if op.partials[i] is not one]
        self._only = self._pulled[0][1] if self._pulled and op.arity == 1 else None

    def backward(self, saved: tuple[Any, ...], grad_output: Any) -> tuple[Any, ...]:
        """Return the gradient by each input that needs one, None for the others."""
        if self._only is not None:  # most often: an activation
            return (self._call(self._only, (grad_output, *saved)),)
        gradients: list[Any] = self._blank.copy()
        for i in self._passed:
            gradients[i] = grad_output
        for i, pullback in self._pulled:
            gradients[i] = self._call(pullback, (grad_output, *saved))
        return tuple(gradients)


def _kind(name: str, inputs: tuple[Any, ...]) -> type[Variable]:
    for x in inputs:
        if hasattr(x, "_admit"):  # isinstance of an abstract class takes several times as long
            return type(x)
    message = f"{name}.apply: no input is a variable: {inputs!r}"
    raise TypeError(message)
