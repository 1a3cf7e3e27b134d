"""Adam, and AdamW, which keeps weight decay out of its averages."""

from functools import partial

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


class Adam(Optimizer):
    r"""Steps of about the learning rate, whatever the scale of the gradient.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate $\eta$.
        betas: how much of the running means of $g$ and of $g^2$ stays.
        eps: added to the root mean square, so that none is 0.
        weight_decay: $\lambda$; $\lambda p$ is added to the gradient.

    Raises:
        ValueError: a rate below 0, or a beta outside of [0, 1).

    Source: `torch.optim.Adam`; Kingma and Ba, 2015.
    """

    decoupled = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        """Keep the rates."""
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def check(self, group: Group) -> None:
        """Refuse rates below 0, and betas that are no share below 1."""
        name = type(self).__name__
        at_least(name, group, 0.0, "lr", "eps", "weight_decay")
        check_betas(name, group)

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Update the means, and go one step."""
        if not state:
            state.update(step=0, exp_avg=zeros_like(value), exp_avg_sq=zeros_like(value))
        value.backend.adam_step(
            value.data,
            grad,
            state["exp_avg"].data,
            state["exp_avg_sq"].data,
            decoupled=self.decoupled,
            lr=live_item(group, "lr"),
            step=live(partial(_next_step, state), (state, "step")),
            **{name: group[name] for name in ("betas", "eps", "weight_decay")},
        )


class AdamW(Adam):
    r"""Adam with decoupled weight decay: $p \leftarrow (1 - \eta\lambda) p$ before each step.

    Arguments as in `Adam`; `weight_decay` is 0.01 by default.

    Source: `torch.optim.AdamW`; Loshchilov and Hutter, 2019.
    """

    decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        """Keep the rates."""
        super().__init__(params, lr, betas, eps, weight_decay)


def _next_step(state: State) -> int:
    state["step"] += 1
    return int(state["step"])
