"""A tensor that leaves a trace of everything that is computed from it.

The graph that backpropagation needs has no integers and no comparisons in it. Here they are
recorded as well, in the same form, so that the graph tells how a result came about completely.
What is computed without tensors cannot be followed, and is refused.
"""

from typing import Any, NoReturn, Self

from mt_autodiff import LEAF, Context, Function, History
from mt_operators import Op, eq, ge, gt, le, lt, ne
from mt_tensor import Tensor
from mt_tensor.functions.elementwise import Elementwise


class TraceError(TypeError):
    """A network decides by its numbers, outside of tensors, what to compute.

    Attributes:
        place: the innermost layer that does; `""` before it is known.
    """

    place = ""

    def happened_in(self, place: str) -> None:
        """Say where it happened, unless a part of that has said so."""
        if not self.place:
            self.place = place
            self.args = (f"{place}: {self}",)


class Plain(Function):
    """An operator without a derivative."""

    @staticmethod
    def forward(ctx: Context, *tensors: Tensor, op: Op) -> Any:
        """Apply it."""
        ctx.op = op
        return op(*tensors)


class Traced(Tensor):
    """A tensor all of whose descendants have a history, whatever their dtype."""

    __slots__ = ()

    @classmethod
    def source(cls, tensor: Tensor) -> Self:
        """Start a trace at the elements of a tensor."""
        return cls(tensor.data, tensor.backend, LEAF)

    def _edge(self) -> Self:
        """Keep every result: a trace looks at their elements."""
        return self

    @classmethod
    def __apply_op__(cls, op: Op, *args: Any) -> Any:
        """Apply an operator elementwise, and record it."""
        if op.differentiable:
            return super().__apply_op__(op, *args)
        return Plain.apply(*args, op=op)

    def __lt__(self, other: Any) -> Any:
        """Compare."""
        return self.__apply_op__(lt, self, other)

    def __le__(self, other: Any) -> Any:
        """Compare."""
        return self.__apply_op__(le, self, other)

    def __gt__(self, other: Any) -> Any:
        """Compare."""
        return self.__apply_op__(gt, self, other)

    def __ge__(self, other: Any) -> Any:
        """Compare."""
        return self.__apply_op__(ge, self, other)

    def __eq__(self, other: object) -> Any:
        """Compare."""
        return self.__apply_op__(eq, self, other)

    def __ne__(self, other: object) -> Any:
        """Compare."""
        return self.__apply_op__(ne, self, other)

    __hash__ = Tensor.__hash__

    @classmethod
    def _values(cls, variables: tuple[Any, ...]) -> tuple[Any, ...]:
        """Let a function compute with plain tensors: its inside is no part of the trace."""
        return tuple(Tensor(v.data, v.backend) for v in variables)

    @classmethod
    def _result(cls, value: Any, history: History | None, name: str) -> Self:  # noqa: ARG003
        return cls(value.data, value.backend, history)

    def detach(self) -> Self:
        """Return itself: a trace is not a matter of gradients."""
        return self

    def numpy(self) -> NoReturn:
        """Refuse to leave the trace."""
        self._leave("numpy()")

    def item(self) -> NoReturn:
        """Refuse to leave the trace."""
        self._leave("item()")

    def tolist(self) -> NoReturn:
        """Refuse to leave the trace."""
        self._leave("tolist()")

    def _leave(self, call: str) -> NoReturn:
        message = f"{call} of a tensor of {self.shape} that depends on the input: no graph shows it"
        raise TraceError(message)


def operator_of(history: History) -> Op | None:
    """Return the operator that was applied elementwise, or None for any other function."""
    if isinstance(history.last_fn, Elementwise):
        return history.last_fn.op
    return history.ctx.op if history.last_fn is Plain else None
