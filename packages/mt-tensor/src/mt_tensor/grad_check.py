r"""Checking a gradient against a difference quotient.

For a random direction $v$ and weights $w$, the derivative of $t \mapsto \langle w, f(x + tv)\rangle$
at 0 is $\langle \nabla, v\rangle$. One number tests the whole gradient of every input at once: an
element that is wrong by 1 % shows, where checking a sample of elements could miss it.
"""

from collections.abc import Callable

import numpy as np
from mt_autodiff import GradientError

from mt_tensor.creation import tensor
from mt_tensor.tensor import Tensor


def grad_check(
    f: Callable[..., Tensor],
    *inputs: Tensor,
    step: float = 1e-5,
    rtol: float = 1e-5,
    seed: int = 0,
) -> None:
    r"""Compare the gradient of a function with a central difference, for each input.

    The function is evaluated in float64 and differentiated along a random direction, with the
    fourth-order quotient $(8 (f_1 - f_{-1}) - (f_2 - f_{-2})) / 12h$.

    Args:
        f: a function of tensors; smooth near the inputs.
        inputs: float tensors of any shape.
        step: $h$, relative to the direction's elements, which are about 1.
        rtol: the relative error allowed.
        seed: chooses directions and weights.

    Raises:
        GradientError: the two disagree, or no gradient reached an input.
    """
    rng = np.random.default_rng(seed)
    points = [np.array(x.detach().numpy(), dtype=np.float64) for x in inputs]
    leaves = [tensor(p, backend=x.backend, requires_grad=True) for p, x in zip(points, inputs, strict=True)]
    result = f(*leaves)
    weights = rng.uniform(0.5, 1.5, result.shape)
    result.backward(weights)
    for i, leaf in enumerate(leaves):
        if leaf.grad is None:
            message = f"grad_check: no gradient reached input {i}"
            raise GradientError(message)
        direction = rng.uniform(0.5, 1.5, leaf.shape) * rng.choice([-1.0, 1.0], leaf.shape)

        def along(t: float, i: int = i, direction: np.ndarray = direction) -> float:  # type: ignore[type-arg]
            moved = [p + t * direction if j == i else p for j, p in enumerate(points)]
            at = f(*(tensor(p, backend=x.backend) for p, x in zip(moved, inputs, strict=True)))
            return float((at.detach().numpy() * weights).sum())

        numeric = (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step)
        exact = float((leaf.grad.numpy() * direction).sum())
        scale = max(abs(numeric), float((abs(leaf.grad.numpy()) * abs(direction)).sum()))
        if not abs(exact - numeric) <= rtol * scale + 1e-12:
            message = (
                f"grad_check: input {i}: the gradient along a random direction is {exact}, but "
                f"the difference quotient gives {numeric}"
            )
            raise GradientError(message)
