"""Adagrad: what has moved much moves less."""

import math
from functools import partial

import mt_tensor
from mt_nn.optim.optimizer import Group, Optimizer, Parameters, State, at_least
from mt_operators import div
from mt_tensor import Tensor, TensorData, live
from mt_tensor.defaults.optimization import update


class Adagrad(Optimizer):
    r"""Divide the gradient by the root of the sum of all its squares so far.

    $s \leftarrow s + g^2$, then
    $p \leftarrow p - \frac{\eta}{1 + (t-1)\rho}\, g / (\sqrt{s} + \epsilon)$.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate $\eta$.
        lr_decay: $\rho$, how fast it falls.
        weight_decay: $\lambda$; $\lambda p$ is added to the gradient.
        initial_accumulator_value: $s$ at first.
        eps: added to the root.

    Raises:
        ValueError: a rate below 0.

    Source: `torch.optim.Adagrad`; Duchi et al., 2011.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        """Keep the rates."""
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )

    def check(self, group: Group) -> None:
        """Refuse rates below 0."""
        rates = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        at_least("Adagrad", group, 0.0, *rates)

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Add the square, and go one step."""
        if not state:
            start = group["initial_accumulator_value"]
            total = mt_tensor.full(value.shape, start, value.dtype, value.backend)
            state.update(step=0, sum=total)
        p, total, decay = value.data, state["sum"].data, group["weight_decay"]
        update(value.backend, _add_square, total, (grad, p), (decay,))
        lr = live(partial(_next_rate, state, group), (state, "step"), (group, "lr"))
        update(value.backend, _descend_scaled, p, (grad, total), (lr, group["eps"], decay))


def _next_rate(state: State, group: Group) -> float:
    state["step"] += 1
    return float(group["lr"] / (1.0 + (state["step"] - 1) * group["lr_decay"]))


def _add_square(s: float, g: float, p: float, decay: float) -> float:
    slope = g + decay * p
    return s + slope * slope


def _descend_scaled(  # noqa: PLR0913, PLR0917
    p: float, g: float, s: float, lr: float, eps: float, decay: float
) -> float:
    step: float = div(lr * (g + decay * p), math.sqrt(s) + eps)
    return p - step
