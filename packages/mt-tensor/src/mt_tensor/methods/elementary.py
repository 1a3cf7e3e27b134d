"""The operators of `mt_operators` as methods of a tensor, elementwise."""

from typing import Any, Self

from mt_operators import (
    absolute,
    clamp,
    cos,
    erf,
    exp,
    gelu,
    inv,
    is_close,
    leaky_relu,
    log,
    maximum,
    minimum,
    neg,
    power,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    tanh,
    where,
)
from mt_tensor.functions.elementwise import binary, unary
from mt_tensor.methods.arithmetic import Arithmetic


class Elementary(Arithmetic):
    """Functions of one element, or of one and a tensor or number that broadcasts with it."""

    __slots__ = ()

    def abs(self) -> Self:
        """Return $|x|$."""
        return unary(absolute, self)

    def neg(self) -> Self:
        """Return $-x$."""
        return unary(neg, self)

    def reciprocal(self) -> Self:
        """Return $1/x$."""
        return unary(inv, self)

    def exp(self) -> Self:
        """Return $e^x$."""
        return unary(exp, self)

    def log(self) -> Self:
        r"""Return $\ln x$: $-\infty$ at 0, nan below."""
        return unary(log, self)

    def sqrt(self) -> Self:
        r"""Return $\sqrt x$: nan below 0."""
        return unary(sqrt, self)

    def sin(self) -> Self:
        r"""Return $\sin x$, x in radians."""
        return unary(sin, self)

    def cos(self) -> Self:
        r"""Return $\cos x$, x in radians."""
        return unary(cos, self)

    def erf(self) -> Self:
        r"""Return the error function, $2/\sqrt\pi \int_0^x e^{-t^2} dt$."""
        return unary(erf, self)

    def tanh(self) -> Self:
        r"""Return $\tanh x$."""
        return unary(tanh, self)

    def sigmoid(self) -> Self:
        """Return $1/(1+e^{-x})$."""
        return unary(sigmoid, self)

    def relu(self) -> Self:
        r"""Return $\max(x, 0)$."""
        return unary(relu, self)

    def leaky_relu(self, negative_slope: float = 0.01) -> Self:
        """Return $x$, or `negative_slope` times it below 0."""
        return binary(leaky_relu, self, negative_slope)

    def gelu(self) -> Self:
        r"""Return $x\,\Phi(x)$, with the normal distribution function."""
        return unary(gelu, self)

    def softplus(self) -> Self:
        r"""Return $\ln(1 + e^x)$."""
        return unary(softplus, self)

    def pow(self, exponent: Any) -> Self:
        """Raise to a power, elementwise."""
        return binary(power, self, exponent)

    def maximum(self, other: Any) -> Self:
        """Return the larger of two, elementwise."""
        return binary(maximum, self, other)

    def minimum(self, other: Any) -> Self:
        """Return the smaller of two, elementwise."""
        return binary(minimum, self, other)

    def clamp(self, low: Any = float("-inf"), high: Any = float("inf")) -> Self:
        """Return the nearest value in the interval from `low` to `high`."""
        return self.__apply_op__(clamp, self, low, high)

    def where(self, condition: Any, other: Any) -> Self:
        """Keep the elements where the condition is not 0, take those of `other` elsewhere."""
        return self.__apply_op__(where, condition, self, other)

    def is_close(self, other: Any) -> Self:
        """Whether two differ by less than 0.01, elementwise; a tensor of `bool`."""
        return binary(is_close, self, other)
