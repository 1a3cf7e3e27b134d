"""The layer of two inputs."""

from math import sqrt
from typing import Any

from mt_nn.arguments import positive
from mt_nn.functional import bilinear
from mt_nn.init import uniform_
from mt_operators import Module, Parameter
from mt_tensor import Backend, Generator, Tensor, zeros


class Bilinear(Module):
    r"""Every pair of inputs matters, $y_o = x_1^\top W_o x_2 + b_o$; see `functional.bilinear`.

    Args:
        in1_features: size of the first input.
        in2_features: size of the second input.
        out_features: size of the result.
        bias: whether there is a $b$.
        backend: where the parameters live; the default one if None.
        dtype: of the parameters; the default one if None.
        generator: where the initial values come from.

    Attributes:
        weight: shape (out, in1, in2), uniform in $\pm 1/\sqrt{\text{in1}}$ at first.
        bias: shape (out,), drawn likewise; or None.

    Raises:
        ValueError: a size is not a positive integer.

    Source: `torch.nn.Bilinear`.
    """

    def __init__(  # noqa: PLR0913
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,  # noqa: FBT001, FBT002  PyTorch's signature
        *,
        backend: str | Backend | None = None,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Draw the initial weights."""
        positive("Bilinear", in1_features=in1_features, in2_features=in2_features)
        positive("Bilinear", out_features=out_features)
        self.sizes = (in1_features, in2_features, out_features)
        bound = 1.0 / sqrt(in1_features)
        shape = (out_features, in1_features, in2_features)
        where: dict[str, Any] = {"backend": backend, "dtype": dtype}
        self.weight = Parameter(uniform_(zeros(shape, **where), -bound, bound, generator))
        shift = uniform_(zeros(out_features, **where), -bound, bound, generator) if bias else None
        self.bias = None if shift is None else Parameter(shift)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Map (*, in1_features) and (*, in2_features) to (*, out_features)."""
        bias = None if self.bias is None else self.bias.value
        return bilinear(input1, input2, self.weight.value, bias)

    def extra_repr(self) -> str:
        """Show the sizes."""
        first, second, out = self.sizes
        return f"in1_features={first}, in2_features={second}, out_features={out}"
