"""What a variable remembers of how it was made: the edges of the computation graph.

A variable is a *leaf* if a user made it (its history has no function), a *non-leaf* if a function
made it from others, and a *constant* if its history is None.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mt_autodiff.errors import GradientError

if TYPE_CHECKING:
    from mt_autodiff.variable import Variable


class Rule(Protocol):
    """What can go backward: a `Function` subclass, or a rule that a kind of variable knows."""

    @property
    def __name__(self) -> str:
        """Its name in graphs and in errors."""


class Context:
    """What a forward leaves for its backward.

    Attributes:
        saved_values: what `save_for_backward` was given.
        needs_input_grad: for each input, whether anyone will use its gradient.
    """

    __slots__ = ("__dict__", "needs_input_grad", "saved_values")

    def __init__(self, needs_input_grad: tuple[bool, ...] = ()) -> None:
        """Start empty."""
        self.saved_values: tuple[Any, ...] = ()
        self.needs_input_grad = needs_input_grad

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Hold whatever else a function leaves there."""

        def __setattr__(self, name: str, value: Any) -> None:
            """Take whatever else a function leaves there."""

    def save_for_backward(self, *values: Any) -> None:
        """Keep values for the backward."""
        self.saved_values = values


class History:
    """The function that made a variable, what it kept for its backward, and its inputs.

    Attributes:
        last_fn: the rule that can go backward; None for a leaf.
        ctx: what the rule kept: a `Context`, or for an operator the tuple of values that its
            partials take. None once the graph has been freed.
        inputs: the variables that it was called on, constants included.
    """

    __slots__ = ("ctx", "inputs", "last_fn")

    def __init__(
        self,
        last_fn: Rule | None = None,
        ctx: Any = None,
        inputs: Sequence["Variable"] = (),
    ) -> None:
        """Without arguments: the history of a leaf."""
        self.last_fn = last_fn
        self.ctx = ctx
        self.inputs = inputs

    def backward(self, grad_output: Any) -> tuple[Any, ...]:
        """Run the backward of the function, and hold it to its contract.

        Returns:
            The gradient by each input, None where there is none.

        Raises:
            GradientError: the graph has been freed, or these are not as many as there are inputs.
        """
        rule: Any = self.last_fn
        if self.ctx is None:
            message = (
                f"{rule.__name__}: its graph was freed by an earlier backward(); "
                "pass retain_graph=True there to go through it again"
            )
            raise GradientError(message)
        found = rule.backward(self.ctx, grad_output)
        grads = found if isinstance(found, tuple) else (found,)
        if len(grads) != len(self.inputs):
            message = (
                f"{rule.__name__}: backward returned {len(grads)} gradients for "
                f"{len(self.inputs)} inputs"
            )
            raise GradientError(message)
        return grads


LEAF = History()
"""The history that all leaves share: it holds nothing."""
