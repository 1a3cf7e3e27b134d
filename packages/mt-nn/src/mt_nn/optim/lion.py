"""Lion: steps of one size, in the direction that most gradients agree on."""

from mt_nn.optim.optimizer import (
    Group,
    Optimizer,
    Parameters,
    State,
    at_least,
    check_betas,
    zeros_like,
)
from mt_tensor import Tensor, TensorData, live, live_item
from mt_tensor.defaults.optimization import update


class Lion(Optimizer):
    r"""Go by the sign of an average of gradients; half the memory of Adam.

    $p \leftarrow (1 - \eta\lambda)\, p - \eta\, \mathrm{sign}(\beta_1 m + (1 - \beta_1) g)$, then
    $m \leftarrow \beta_2 m + (1 - \beta_2) g$.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate $\eta$, which is how far every element goes.
        betas: how much of the running mean counts in the direction, and stays.
        weight_decay: $\lambda$.

    Raises:
        ValueError: a rate below 0, or a beta outside of [0, 1).

    Source: Chen et al., 2023, program 2.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        """Keep the rates."""
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay)

    def check(self, group: Group) -> None:
        """Refuse rates below 0, and betas that are no share below 1."""
        at_least("Lion", group, 0.0, "lr", "weight_decay")
        check_betas("Lion", group)

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Go one step, and move the mean."""
        if not state:
            state["exp_avg"] = zeros_like(value)
        mean, lr = state["exp_avg"].data, live_item(group, "lr")
        first, second = group["betas"]
        shrink = live(lambda: 1.0 - group["lr"] * group["weight_decay"], (group, "lr"))
        update(value.backend, _descend_by_sign, value.data, (grad, mean), (lr, first, shrink))
        update(value.backend, _average, mean, (grad,), (second,))


def _descend_by_sign(  # noqa: PLR0913, PLR0917
    p: float, g: float, m: float, lr: float, beta: float, shrink: float
) -> float:
    direction = beta * m + (1.0 - beta) * g
    sign = 1.0 if direction > 0.0 else -1.0 if direction < 0.0 else direction
    return shrink * p - lr * sign


def _average(m: float, g: float, beta: float) -> float:
    return beta * m + (1.0 - beta) * g
