r"""The steps of recurrent layers.

With $a = W_{ih} x_t + b_{ih}$ and $c = W_{hh} h_{t-1} + b_{hh}$, cut into one part for each gate:

- `RNN`: $h = \tanh(a + c)$.
- `GRU`: $r, z = \sigma(a + c)$, $n = \tanh(a_n + r\, c_n)$, $h = (1 - z)\, n + z\, h_{t-1}$.
- `LSTM`: $i, f, o = \sigma(a + c)$, $g = \tanh(a_g + c_g)$, $s = f\, s_{t-1} + i\, g$,
  $h = o \tanh s$.
"""

from typing import Any, Literal

from mt_nn.layers.recurrent import Recurrent, State
from mt_tensor import Tensor


class RNN(Recurrent):
    """The plain one; see the module's formulas. Source: `torch.nn.RNN`; Elman, 1990.

    Args:
        nonlinearity: `"tanh"` or `"relu"`; the other arguments are those of `LSTM`.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        *args: Any,
        **options: Any,
    ) -> None:
        """Draw the initial projections.

        Raises:
            ValueError: there is no such nonlinearity.
        """
        if nonlinearity not in ("tanh", "relu"):
            message = f"RNN: nonlinearity must be 'tanh' or 'relu', not {nonlinearity!r}"
            raise ValueError(message)
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, *args, **options)

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:  # noqa: ARG002
        """Return $h$."""
        total = inputs + recurrent
        return (total.tanh() if self.nonlinearity == "tanh" else total.relu(),)


class GRU(Recurrent):
    """Gated recurrent unit; see the module's formulas. Source: `torch.nn.GRU`; Cho et al., 2014."""

    gates = 3

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        """Return $h$."""
        h = self.hidden_size
        both = (inputs[:, : 2 * h] + recurrent[:, : 2 * h]).sigmoid()
        reset, update = both[:, :h], both[:, h:]
        new = (inputs[:, 2 * h :] + reset * recurrent[:, 2 * h :]).tanh()
        return (new + update * (state[0] - new),)


class LSTM(Recurrent):
    """Long short-term memory; see the module's formulas.

    Source: `torch.nn.LSTM`; Hochreiter and Schmidhuber, 1997, with forget gates.
    """

    gates = 4
    states = 2

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        """Return $h$ and $s$."""
        h = self.hidden_size
        total = inputs + recurrent
        take, keep = total[:, :h].sigmoid(), total[:, h : 2 * h].sigmoid()
        new, show = total[:, 2 * h : 3 * h].tanh(), total[:, 3 * h :].sigmoid()
        memory = keep * state[1] + take * new
        return show * memory.tanh(), memory
