"""RMSprop: gradients divided by their recent size."""

import math

from mt_nn.optim.optimizer import Group, Optimizer, Parameters, State, at_least, zeros_like
from mt_operators import div
from mt_tensor import Tensor, TensorData, live_item
from mt_tensor.defaults.optimization import update


class RMSprop(Optimizer):
    r"""Divide the gradient by the root of a running mean of its square.

    $v \leftarrow \alpha v + (1 - \alpha) g^2$, then
    $p \leftarrow p - \eta\, g / (\sqrt{v} + \epsilon)$; if `centered`, the square of a running
    mean of $g$ is taken from $v$.

    Args:
        params: parameters, or groups of them.
        lr: the learning rate $\eta$.
        alpha: how much of the running means stays.
        eps: added to the root.
        weight_decay: $\lambda$; $\lambda p$ is added to the gradient.
        momentum: how much of the velocity stays that the quotient drives.
        centered: divide by the deviation instead of the root mean square.

    Raises:
        ValueError: a rate below 0.

    Source: `torch.optim.RMSprop`; Tieleman and Hinton, 2012.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Keep the rates."""
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )

    def check(self, group: Group) -> None:
        """Refuse rates below 0."""
        at_least("RMSprop", group, 0.0, "lr", "alpha", "eps", "weight_decay", "momentum")

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Update the means, and go one step."""
        names = ["square_avg", "grad_avg", "momentum_buffer"]
        wanted = [True, group["centered"], group["momentum"]]
        for name, want in zip(names, wanted, strict=True):
            if want and name not in state:
                state[name] = zeros_like(value)
        backend, p, square = value.backend, value.data, state["square_avg"].data
        weight, decay = 1.0 - group["alpha"], group["weight_decay"]
        update(backend, average_square, square, (grad, p), (weight, decay))
        mean = square
        if group["centered"]:
            mean = state["grad_avg"].data
            update(backend, average, mean, (grad, p), (weight, decay))
        rates = (float(group["centered"]), group["eps"], decay)
        lr = live_item(group, "lr")
        if group["momentum"]:
            velocity = state["momentum_buffer"].data
            update(backend, _drive, velocity, (grad, p, square, mean), (group["momentum"], *rates))
            update(backend, _descend, p, (velocity,), (lr,))
        else:
            update(backend, _descend_scaled, p, (grad, square, mean), (lr, *rates))


def average(m: float, g: float, p: float, weight: float, decay: float) -> float:
    """Move a running mean towards the decayed gradient."""
    return m + weight * (g + decay * p - m)


def average_square(v: float, g: float, p: float, weight: float, decay: float) -> float:
    """Move a running mean towards the square of the decayed gradient."""
    slope = g + decay * p
    return v + weight * (slope * slope - v)


def _quotient(slope: float, v: float, m: float, centered: float, eps: float) -> float:
    result: float = div(slope, math.sqrt(max(v - centered * m * m, 0.0)) + eps)
    return result


def _descend_scaled(  # noqa: PLR0913, PLR0917
    p: float, g: float, v: float, m: float, lr: float, centered: float, eps: float, decay: float
) -> float:
    return p - lr * _quotient(g + decay * p, v, m, centered, eps)


def _drive(  # noqa: PLR0913, PLR0917
    u: float,
    g: float,
    p: float,
    v: float,
    m: float,
    momentum: float,
    centered: float,
    eps: float,
    decay: float,
) -> float:
    return momentum * u + _quotient(g + decay * p, v, m, centered, eps)


def _descend(p: float, u: float, lr: float) -> float:
    return p - lr * u
