"""LeNet as the course has it: two convolutions, one pooling, two linear layers, for digits."""

from typing import Any

from mt_nn.functional import log_softmax
from mt_nn.layers import AvgPool2d, Conv2d, Dropout, Linear
from mt_operators import Module
from mt_tensor import Backend, Generator, Tensor


class LeNet(Module):
    """Classify images of 28 x 28 pixels; 26,138 parameters for ten classes.

    Args:
        classes: how many there are.
        dropout: the probability that a neuron of the hidden layer is silenced in training.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from, and what dropout silences.

    Source: the MiniTorch course; after LeCun et al., 1998.
    """

    def __init__(
        self,
        classes: int = 10,
        *,
        dropout: float = 0.25,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        home: dict[str, Any] = {"backend": backend, "dtype": dtype, "generator": generator}
        self.conv1 = Conv2d(1, 4, kernel_size=3, padding=1, **home)
        self.conv2 = Conv2d(4, 8, kernel_size=3, padding=1, **home)
        self.pool = AvgPool2d(4)
        self.hidden = Linear(8 * 7 * 7, 64, **home)
        self.dropout = Dropout(dropout, generator=generator)
        self.output = Linear(64, classes, **home)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 1, 28, 28) to logarithms of probabilities (N, classes)."""
        x = self.conv1(images).relu()
        x = self.pool(self.conv2(x).relu())
        x = self.hidden(x.flatten(1)).relu()
        return log_softmax(self.output(self.dropout(x)), dim=1)
