"""Stochastic gradient descent."""

from mt_nn.optim.optimizer import (
    Batches,
    Group,
    Move,
    Optimizer,
    Parameters,
    State,
    at_least,
    zeros_like,
)
from mt_tensor import Tensor, TensorData, live_item


class SGD(Optimizer):
    r"""Gradient descent with momentum: $v \leftarrow \mu v + g$, $p \leftarrow p - \eta v$.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate $\eta$.
        momentum: $\mu$, how much of the velocity stays.
        dampening: the share of the gradient that does not enter the velocity.
        weight_decay: $\lambda$; $\lambda p$ is added to the gradient.
        nesterov: look ahead: go by $g + \mu v$.

    Raises:
        ValueError: a rate below 0, or `nesterov` without momentum or with dampening.

    Source: `torch.optim.SGD`.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Keep the rates."""
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
        )

    def check(self, group: Group) -> None:
        """Refuse rates below 0, and Nesterov's rule where it has no meaning."""
        at_least("SGD", group, 0.0, "lr", "momentum", "weight_decay")
        if group["nesterov"] and not (group["momentum"] > 0.0 == group["dampening"]):
            message = (
                f"SGD: nesterov needs momentum and no dampening, not momentum="
                f"{group['momentum']} and dampening={group['dampening']}"
            )
            raise ValueError(message)

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Go one step; the first velocity is the whole gradient, whatever the dampening."""
        SGD.update_all(self, [(value, grad, state)], group)  # a subclass may have another for all

    def update_all(self, moves: list[Move], group: Group) -> None:
        """Go one step with all that have the same rates and backend at once."""
        momentum, usual = group["momentum"], group["dampening"]
        together: Batches = {}
        for value, grad, state in moves:
            velocity, dampening = None, usual
            if momentum:
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = zeros_like(value)
                    dampening = 0.0
                velocity = state["momentum_buffer"].data
            part = value.data, grad, velocity
            together.setdefault((value.backend, dampening), []).append(part)
        for (backend, dampening), parts in together.items():
            backend.sgd_steps(
                parts,
                lr=live_item(group, "lr"),
                momentum=momentum,
                dampening=dampening,
                weight_decay=group["weight_decay"],
                nesterov=group["nesterov"],
            )
