"""Recurrent layers: a state that goes along a sequence and takes in one element at a time.

The inputs of all times are projected by one product; only the state has to go step by step. What a
step does is in `mt_nn.layers.cells`.
"""

from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from mt_nn.arguments import positive, probability
from mt_nn.functional import dropout, linear
from mt_nn.init import uniform_
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, ShapeError, Tensor, cat, stack, zeros

if TYPE_CHECKING:
    from collections.abc import Sequence

State = tuple[Tensor, ...]


class Recurrent(Module):
    r"""One or more layers, each of which goes along the results of the one below.

    Args:
        input_size: size of an element.
        hidden_size: size of the state.
        num_layers: how many layers.
        bias: whether the projections shift.
        batch_first: inputs and results are (N, L, *) instead of (L, N, *).
        dropout: the probability that a result of a layer but the last is dropped in training.
        bidirectional: also go from the end to the start, and join both results.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where initial values and dropout's choice come from.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: the projections of the first layer,
            with `_reverse` for the other direction; uniform in $\pm 1/\sqrt{\text{hidden}}$.

    Raises:
        ValueError: a size is no positive integer, or `dropout` is no probability.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,  # noqa: FBT001, FBT002
        batch_first: bool = False,  # noqa: FBT001, FBT002
        dropout: float = 0.0,
        bidirectional: bool = False,  # noqa: FBT001, FBT002
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial projections."""
        name = type(self).__name__
        positive(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        probability(name, "dropout", dropout)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.batch_first = batch_first
        self.p = dropout
        self.directions = ("", "_reverse") if bidirectional else ("",)
        self.generator = generator
        self._has_bias = bias
        for layer in range(num_layers):
            for direction in self.directions:
                self._draw(layer, direction, {"backend": backend, "dtype": dtype})

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        """Go along a sequence.

        Args:
            input: shape (L, N, input_size), or (N, L, *) if `batch_first`, or (L, input_size).
            hx: the state before, shape (layers * directions, N, hidden_size), without N where the
                input has none; a pair of them for `LSTM`; zeros if None.

        Returns:
            The states of the last layer at all times, (L, N, directions * hidden_size), and the
            last state of every layer, in the form of `hx`.

        Raises:
            ShapeError: a size does not fit.
        """
        steps = self._steps(input)
        before = self._states(hx, steps, input)
        last: list[State] = []
        for layer in range(self.num_layers):
            results = []
            for d, direction in enumerate(self.directions):
                start = tuple(s[layer * len(self.directions) + d] for s in before)
                outputs, state = self._run(f"_l{layer}{direction}", steps, start, reverse=d == 1)
                results.append(outputs)
                last.append(state)
            steps = results[0] if len(results) == 1 else cat(results, 2)
            if layer < self.num_layers - 1:
                steps = dropout(steps, self.p, self.training, self.generator)
        after = tuple(stack([s[k] for s in last]) for k in range(self.states))
        return self._result(steps, after, input)

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        """Return the next state.

        Args:
            inputs: the projected element, shape (N, gates * hidden_size).
            recurrent: the projected state, of that shape.
            state: the state, each shape (N, hidden_size).
        """
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"

    def _draw(self, layer: int, direction: str, home: dict[str, Any]) -> None:
        rows = self.gates * self.hidden_size
        below = self.input_size if layer == 0 else len(self.directions) * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, below),
            "weight_hh": (rows, self.hidden_size),
        }
        if self._has_bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        bound = 1.0 / sqrt(self.hidden_size)
        for name, shape in shapes.items():
            value = uniform_(zeros(shape, **home), -bound, bound, self.generator)
            setattr(self, f"{name}_l{layer}{direction}", Parameter(value))

    def _run(
        self, suffix: str, steps: Tensor, state: State, *, reverse: bool
    ) -> tuple[Tensor, State]:
        """Go along (L, N, *) with one layer in one direction."""
        projected = linear(steps, self._value("weight_ih", suffix), self._value("bias_ih", suffix))
        weight, bias = self._value("weight_hh", suffix), self._value("bias_hh", suffix)
        times = range(steps.shape[0])
        outputs: list[Tensor] = []
        for t in reversed(times) if reverse else times:
            state = self.step(projected[t], linear(state[0], weight, bias), state)
            outputs.append(state[0])
        return stack(outputs[::-1] if reverse else outputs), state

    def _value(self, name: str, suffix: str) -> Any:
        parameter = getattr(self, name + suffix) if name[0] == "w" or self._has_bias else None
        return None if parameter is None else parameter.value

    def _steps(self, input: Tensor) -> Tensor:
        """Return the input as (L, N, input_size)."""
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size or 0 in input.shape[:1]:
            layout = "(N, L, I)" if self.batch_first else "(L, N, I)"
            message = (
                f"{self!r}: input is {input.shape}; it must be {layout} or (L, I) with at least "
                f"one element and I = input_size = {self.input_size}"
            )
            raise ShapeError(message)
        if input.ndim == 2:  # noqa: PLR2004
            return input.unsqueeze(1)
        return input.permute(1, 0, 2) if self.batch_first else input

    def _states(self, hx: Any, steps: Tensor, input: Tensor) -> State:
        """Return the state before as tensors (layers * directions, N, hidden_size)."""
        shape = (self.num_layers * len(self.directions), steps.shape[1], self.hidden_size)
        if hx is None:
            return (zeros(shape, dtype=steps.dtype, backend=steps.backend),) * self.states
        given: Sequence[Tensor] = hx if isinstance(hx, (tuple, list)) else (hx,)
        wanted = shape if input.ndim == 3 else (shape[0], shape[2])  # noqa: PLR2004
        if len(given) != self.states or any(s.shape != wanted for s in given):
            shapes = ", ".join(str(s.shape) for s in given)
            message = f"{self!r}: hx is {shapes}; it must be {self.states} of {wanted}"
            raise ShapeError(message)
        return tuple(s.reshape(*shape) for s in given)

    def _result(self, steps: Tensor, after: State, input: Tensor) -> tuple[Tensor, Any]:
        if input.ndim == 2:  # noqa: PLR2004
            steps, after = steps.squeeze(1), tuple(s.squeeze(1) for s in after)
        elif self.batch_first:
            steps = steps.permute(1, 0, 2)
        return steps, after[0] if self.states == 1 else after
