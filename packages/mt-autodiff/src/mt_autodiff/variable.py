"""A node of the computation graph, whatever it holds: the base of `Scalar` and of `Tensor`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Self

from mt_autodiff.errors import GradientError
from mt_autodiff.history import History

next_id = count(1).__next__
"""The serial number of each new variable: a result always has a larger one than its inputs."""


class Variable(ABC):
    """A value that knows how it was computed.

    A subclass says what its values are: how a function's inputs are made variables (`_admit`),
    what of them the function sees (`_values`), how its result is made a variable (`_result`), how
    a gradient is fitted to its variable (`_fit`) and where it is kept (`_accumulate`).
    """

    __slots__ = ("unique_id",)

    history: History | None
    unique_id: int

    def is_constant(self) -> bool:
        """Whether no gradient flows into it."""
        return self.history is None

    def is_leaf(self) -> bool:
        """Whether a user made it, so that its gradient is kept."""
        return self.history is not None and self.history.last_fn is None

    @property
    def parents(self) -> Sequence["Variable"]:
        """The inputs of the function that made it."""
        if self.history is None:
            message = f"this {type(self).__name__} is a constant: it has no parents"
            raise GradientError(message)
        return self.history.inputs

    def chain_rule(self, grad_output: Any) -> Iterable[tuple["Variable", Any]]:
        """Return each input that wants a gradient, with this node's contribution to it.

        Args:
            grad_output: the derivative of the final result by this variable.

        Raises:
            GradientError: this is a leaf or a constant, its graph has been freed, or its
                function's backward returned a wrong number of gradients.
        """
        history = self.history
        if history is None or history.last_fn is None:
            message = f"this {type(self).__name__} was not computed: there is no chain to follow"
            raise GradientError(message)
        contributions = []
        for v, g in zip(history.inputs, history.backward(grad_output), strict=True):
            if g is not None and not v.is_constant():
                contributions.append((v, v._fit(g)))
        return contributions

    def _sources(self) -> Sequence["Variable"]:
        """Return the inputs that a gradient may flow to."""
        inputs = self.history.inputs if self.history is not None else ()
        return [x for x in inputs if not x.is_constant()]

    def pass_on(self, grad: Any, retain_graph: bool) -> Iterable[tuple["Variable", Any]]:  # noqa: FBT001
        """Take part in a backward: keep the gradient, if a leaf; else give the inputs their shares.

        Args:
            grad: the complete gradient, in the form in which a backward carries it.
            retain_graph: keep how it was computed; else let go of it.

        Returns:
            As `chain_rule`, in that form; nothing from a leaf.

        Raises:
            GradientError: as `chain_rule`.
        """
        if self.is_leaf():
            self._accumulate(grad)
            return ()
        shares = self.chain_rule(grad)
        if not retain_graph:
            self._free()
        return shares

    def _free(self) -> None:
        """Let go of how it was computed, once nobody will go through it again."""
        if self.history is not None:
            self.history.ctx = None
            self.history.inputs = ()

    @classmethod
    @abstractmethod
    def _admit(cls, inputs: tuple[Any, ...]) -> tuple[Self, ...]:
        """Make every input of a function a variable, constants included."""

    @classmethod
    @abstractmethod
    def _values(cls, variables: tuple[Self, ...]) -> tuple[Any, ...]:
        """Return what a function's forward sees of these variables."""

    @classmethod
    @abstractmethod
    def _result(cls, value: Any, history: History | None, name: str) -> Self:
        """Make what a forward returned a variable."""

    @abstractmethod
    def _fit(self, grad: Any) -> Any:
        """Bring a gradient to the form of this variable: its shape, after broadcasting."""

    def _sum(self, share: Any, other: Any) -> Any:
        """Add two shares of the gradient, in the form in which a backward carries them."""
        return share + other

    @abstractmethod
    def _accumulate(self, grad: Any) -> None:
        """Add to the gradient that this leaf keeps."""
