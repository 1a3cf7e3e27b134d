"""Adam, and AdamW, which keeps weight decay out of its averages."""

from functools import partial

from mt_nn.optim.optimizer import (
    Batches,
    Group,
    Move,
    Optimizer,
    Parameters,
    State,
    at_least,
    check_betas,
    zeros_like,
)
from mt_tensor import Tensor, TensorData, is_capturing, live, live_item


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
        Adam.update_all(self, [(value, grad, state)], group)  # a subclass may have another for all

    def update_all(self, moves: list[Move], group: Group) -> None:
        """Go one step with all that have taken as many, and have the same backend, at once."""
        together: Batches = {}
        count = _live_step if is_capturing() else _next_step  # to ask each time costs 0.3 us
        for value, grad, state in moves:
            if not state:
                state.update(step=0, exp_avg=zeros_like(value), exp_avg_sq=zeros_like(value))
            part = value.data, grad, state["exp_avg"].data, state["exp_avg_sq"].data
            together.setdefault((value.backend, count(state)), []).append(part)
        for (backend, step), parts in together.items():
            backend.adam_steps(
                parts,
                lr=live_item(group, "lr"),
                betas=group["betas"],
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                decoupled=self.decoupled,
                step=step,
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
    state["step"] = step = int(state["step"]) + 1
    return step


def _live_step(state: State) -> int:
    return live(partial(_next_step, state), (state, "step"))
