"""Module 1: derivatives by differences, and the engine of `mt_autodiff` by the course's names."""

from collections.abc import Iterable
from typing import Any, Protocol

import mt_autodiff

topological_sort = mt_autodiff.topological_sort

variable_count = 1
"""A name of the course's; the engine numbers its variables itself."""


class Variable(Protocol):
    """What the engine needs of a variable."""

    def accumulate_derivative(self, x: Any) -> None:
        """Add to the derivative that a leaf keeps."""

    @property
    def unique_id(self) -> int:
        """A number that no other variable has."""

    def is_leaf(self) -> bool:
        """Whether a user made it."""

    def is_constant(self) -> bool:
        """Whether no derivative flows into it."""

    @property
    def parents(self) -> Iterable["Variable"]:
        """The inputs of the function that made it."""

    def chain_rule(self, d_output: Any) -> Iterable[tuple["Variable", Any]]:
        """Yield the inputs with the derivative by each, times `d_output`."""


class Context(mt_autodiff.Context):
    """What a forward leaves for its backward.

    Attributes:
        no_grad: whether there will be none, so that nothing is kept.
        saved_values: what `save_for_backward` was given.
    """

    def __init__(self, no_grad: bool = False, saved_values: tuple[Any, ...] = ()) -> None:  # noqa: FBT001, FBT002
        """Keep the flag, and values if there are already some."""
        super().__init__()
        self.no_grad = no_grad
        self.saved_values = saved_values

    def save_for_backward(self, *values: Any) -> None:
        """Keep values for the backward, if there will be one."""
        if not self.no_grad:
            self.saved_values = values

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved values, under PyTorch's name."""
        return self.saved_values


def central_difference(f: Any, *vals: Any, arg: int = 0, epsilon: float = 1e-6) -> Any:
    r"""$(f(\dots, x_i + \epsilon, \dots) - f(\dots, x_i - \epsilon, \dots)) / 2\epsilon$.

    Args:
        f: a function of numbers, or of `Scalar`s: then so is the result.
        vals: where.
        arg: `i`, the input to differentiate by.
        epsilon: the step.
    """
    up = [x + epsilon if i == arg else x for i, x in enumerate(vals)]
    down = [x - epsilon if i == arg else x for i, x in enumerate(vals)]
    return (f(*up) - f(*down)) / (2.0 * epsilon)


def backpropagate(variable: Any, deriv: Any) -> None:
    """Add to every leaf the derivative of `variable` by it, times `deriv`. The graph is kept."""
    mt_autodiff.backpropagate(variable, deriv, retain_graph=True)
