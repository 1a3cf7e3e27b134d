"""The layer that is there only while the network is trained."""

from mt_nn.arguments import probability
from mt_nn.functional import dropout
from mt_operators import Module
from mt_tensor import Generator, Tensor


class Dropout(Module):
    """Silence neurons at random in training mode; the identity in evaluation mode.

    Args:
        p: the probability of a zero.
        generator: where the choice comes from; the library's own if None.

    Raises:
        ValueError: `p` is not between 0 and 1.

    Source: `torch.nn.Dropout`.
    """

    def __init__(self, p: float = 0.5, *, generator: Generator | None = None) -> None:
        """Keep the probability."""
        probability("Dropout", "p", p)
        self.p = p
        self.generator = generator

    def forward(self, input: Tensor) -> Tensor:
        """Map any shape to itself."""
        return dropout(input, self.p, self.training, self.generator)

    def extra_repr(self) -> str:
        """Show the probability."""
        return f"p={self.p}"
