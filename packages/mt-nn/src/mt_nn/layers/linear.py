"""The fully connected layer."""

import math
from typing import Any

from mt_nn.arguments import positive
from mt_nn.functional import linear
from mt_nn.init import kaiming_uniform_, uniform_
from mt_operators import Module, Parameter
from mt_tensor import Backend, DTypeError, Generator, ShapeError, Tensor, zeros


class Linear(Module):
    r"""Every output sees every input, $y = x W^\top + b$.

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the result.
        bias: whether there is a $b$.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from.

    Attributes:
        weight: shape (out_features, in_features), uniform in $\pm 1/\sqrt{\text{in}}$ at first.
        bias: shape (out_features,), drawn likewise; or None.

    Raises:
        ValueError: a size is not a positive integer.

    Source: `torch.nn.Linear`, initial distribution included.
    """

    def __init__(  # noqa: PLR0913
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,  # noqa: FBT001, FBT002  PyTorch's signature
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        positive("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        weight = zeros(out_features, in_features, dtype=dtype, backend=backend)
        self.weight = Parameter(kaiming_uniform_(weight, math.sqrt(5.0), generator=generator))
        self.bias = fan_in_bias(weight, generator, out_features) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Map (*, in_features) to (*, out_features).

        Raises:
            ShapeError: the last dimension is not `in_features`.
        """
        bias = self.bias
        try:
            return linear(input, self.weight.value, None if bias is None else bias.value)
        except (ShapeError, DTypeError):
            self._check(input)
            raise

    def extra_repr(self) -> str:
        """Show the sizes."""
        bias = "" if self.bias else ", bias=False"
        return f"in_features={self.in_features}, out_features={self.out_features}{bias}"

    def _check(self, input: Tensor) -> None:
        """Say which layer it is that an input does not fit; looked at when it is refused."""
        if input.shape[-1:] != (self.in_features,):
            message = (
                f"{self!r}: input is {input.shape} and weight is {self.weight.value.shape}; the "
                f"last dimension of the input must be in_features = {self.in_features}"
            )
            raise ShapeError(message) from None


def fan_in_bias(weight: Tensor, generator: Generator | None, size: int) -> Parameter[Tensor]:
    r"""Draw a bias of `size` for a weight (O, I, ...), uniform in $\pm 1/\sqrt{\text{fan-in}}$."""
    bound = 1.0 / math.sqrt(math.prod(weight.shape[1:]))
    bias = zeros(size, dtype=weight.dtype, backend=weight.backend)
    return Parameter(uniform_(bias, -bound, bound, generator))
