"""The course's optimiser: gradient descent on scalars and tensors alike."""

from collections.abc import Sequence

from minitorch.module import Parameter
from minitorch.scalar import Scalar
from minitorch.tensor import Tensor
from mt_autodiff import no_grad


class Optimizer:
    """What moves parameters.

    Args:
        parameters: what to move.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        """Keep the parameters."""
        self.parameters = parameters


class SGD(Optimizer):
    r"""Gradient descent, $p \leftarrow p - \eta\, \partial p$.

    A step gives each parameter a new value, which has no gradient yet.

    Args:
        parameters: what to move; those without a gradient stay.
        lr: the learning rate $\eta$.

    >>> p = Parameter(Scalar(1.0))
    >>> (p.value * p.value).backward()
    >>> SGD([p], lr=0.25).step()
    >>> p
    Scalar(0.500000)
    """

    def __init__(self, parameters: Sequence[Parameter], lr: float = 1.0) -> None:
        """Keep the parameters and the rate."""
        super().__init__(parameters)
        self.lr = lr

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            if isinstance(p.value, Scalar):
                p.value.derivative = None
            elif isinstance(p.value, Tensor):
                p.value.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for p in self.parameters:
            value = p.value
            if isinstance(value, Scalar) and value.derivative is not None:
                p.update(Scalar(value.data - self.lr * value.derivative))
            elif isinstance(value, Tensor) and value.grad is not None:
                with no_grad():
                    p.update(value - self.lr * value.grad)
