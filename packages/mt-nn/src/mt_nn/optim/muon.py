r"""Muon: steps that go equally far in every direction that a matrix has.

The velocity of a weight matrix has a few large singular values: plain descent moves along those
directions and hardly along the rest. Muon replaces $U S V^\top$ by about $U V^\top$. It needs no
decomposition: with $G = X X^\top$, $X \leftarrow a X + (b G + c G^2) X$ is an odd polynomial of the
singular values, which five rounds bring to between 0.7 and 1.2.
"""

from math import sqrt

from mt_nn.optim.optimizer import Group, Optimizer, Parameters, State, at_least, zeros_like
from mt_tensor import Tensor, TensorData, live
from mt_tensor.defaults.optimization import update

COEFFICIENTS = (3.4445, -4.775, 2.0315)
"""They make the slope at 0 steep, so that small singular values grow fast."""

ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    r"""Momentum, orthogonalised; for matrices in hidden layers.

    $v \leftarrow \mu v + (1 - \mu) g$, then
    $p \leftarrow (1 - \eta\lambda)\, p - \eta s\, \mathrm{orthogonal}(u)$ with
    $u = \mu v + (1 - \mu) g$ for Nesterov's rule and $u = v$ otherwise. The scale $s$ makes up for
    the form of the matrix. Give embeddings, biases and the last layer to AdamW.

    Args:
        params: matrices, or groups of them.
        lr: the learning rate $\eta$.
        weight_decay: $\lambda$.
        momentum: $\mu$.
        nesterov: look ahead.
        ns_coefficients: $a$, $b$, $c$ of the polynomial.
        eps: the least norm to divide by.
        ns_steps: how often the polynomial is applied.
        adjust_lr_fn: `"original"` or None for $s = \sqrt{\max(1, O / I)}$ of a matrix (O, I);
            `"match_rms_adamw"` for $0.2 \sqrt{\max(O, I)}$, steps as long as AdamW's.

    Raises:
        ValueError: a rate below 0, a parameter that is no matrix, or another adjustment.

    Source: `torch.optim.Muon`, which rounds to bfloat16 inside, as this does not; Jordan, 2024.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        params: Parameters,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,  # noqa: FBT001, FBT002
        ns_coefficients: tuple[float, float, float] = COEFFICIENTS,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        """Keep the rates."""
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            momentum=momentum,
            nesterov=nesterov,
            ns_coefficients=ns_coefficients,
            eps=eps,
            ns_steps=ns_steps,
            adjust_lr_fn=adjust_lr_fn,
        )

    def check(self, group: Group) -> None:
        """Refuse rates below 0, and what is no matrix."""
        at_least("Muon", group, 0.0, "lr", "weight_decay", "momentum", "eps", "ns_steps")
        if group["adjust_lr_fn"] not in ADJUSTMENTS:
            message = (
                f"Muon: adjust_lr_fn must be 'original', 'match_rms_adamw' or None, not "
                f"{group['adjust_lr_fn']!r}"
            )
            raise ValueError(message)
        for i, parameter in enumerate(group["params"]):
            if parameter.value.ndim != 2:  # noqa: PLR2004
                message = f"Muon: parameter {i} is {parameter.value.shape}, not a matrix"
                raise ValueError(message)

    def update(self, value: Tensor, grad: TensorData, state: State, group: Group) -> None:
        """Update the velocity, and go one step."""
        if not state:
            state["momentum_buffer"] = zeros_like(value)
        velocity, mu = state["momentum_buffer"], group["momentum"]
        update(value.backend, _average, velocity.data, (grad,), (mu,))
        ahead = velocity * mu + value._new(grad) * (1.0 - mu) if group["nesterov"] else velocity
        step = orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
        scale = _scale(value.shape, group)
        lr = live(lambda: group["lr"] * scale, (group, "lr"))
        decay = live(lambda: group["lr"] * group["weight_decay"], (group, "lr"))
        update(value.backend, _descend, value.data, (step.data,), (lr, decay))


def orthogonal(
    matrix: Tensor,
    coefficients: tuple[float, float, float] = COEFFICIENTS,
    steps: int = 5,
    eps: float = 1e-7,
) -> Tensor:
    r"""Bring the singular values of a matrix close to 1.

    Args:
        matrix: shape (O, I).
        coefficients: $a$, $b$, $c$ of the polynomial.
        steps: how often it is applied.
        eps: the least norm to divide by.

    Returns:
        Shape (O, I), in $2 m^2 (m + 2 n)$ FLOPs a step, where m is the smaller of the sizes.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    a, b, c = coefficients
    x = x / (x * x).sum().sqrt().maximum(eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x


def _scale(shape: tuple[int, ...], group: Group) -> float:
    rows, columns = shape
    if group["adjust_lr_fn"] == "match_rms_adamw":
        return 0.2 * sqrt(max(rows, columns))
    return sqrt(max(1.0, rows / columns))


def _average(v: float, g: float, mu: float) -> float:
    return v + (1.0 - mu) * (g - v)


def _descend(p: float, u: float, lr: float, decay: float) -> float:
    return p - decay * p - lr * u
