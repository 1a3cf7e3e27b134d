r"""Activations: the functions that make a network more than one linear map.

Each is written so that no intermediate overflows: through $e^{-|x|}$, which is at most 1, and
through $\mathrm{erfc}$ where $1 + \mathrm{erf}$ would cancel.
"""

import math

from mt_operators.op import op

SQRT_HALF = math.sqrt(0.5)
TWO_BY_SQRT_PI = 2.0 / math.sqrt(math.pi)
DENSITY_AT_0 = 1.0 / math.sqrt(2.0 * math.pi)
NORMAL_UNDERFLOW = -40.0
"""Below this, the normal distribution function is 0 in double precision."""


@op(lambda y: 1.0 if y > 0.0 else 0.0, saves="output", kink=lambda x: x)
def relu(x: float) -> float:
    r"""$\max(x, 0)$; its derivative at 0 is taken as 0.

    The result is positive where the input is, so the input need not be kept for the way back.
    """
    return 0.0 if x < 0.0 else x  # noqa: FURB136  compilers differ in what max does with nan


@op(
    lambda x, slope: 1.0 if x > 0.0 else slope,
    lambda x, _: min(x, 0.0),
    domain=((-10.0, 10.0), (0.0, 0.5)),
    kink=lambda x, _: x,
)
def leaky_relu(x: float, slope: float) -> float:
    r"""$x$ above 0, $\mathrm{slope} \cdot x$ below; a slope that is trained makes it PReLU."""
    return x if x > 0.0 else slope * x


@op(lambda s: s * (1.0 - s), saves="output")
def sigmoid(x: float) -> float:
    r"""$1/(1+e^{-x})$, by $e^{-|x|}$."""
    z = math.exp(-math.fabs(x))
    return (1.0 if x >= 0.0 else z) / (1.0 + z)


@op(lambda s: 1.0 - s * s, saves="output", domain=((-3.0, 3.0),))
def tanh(x: float) -> float:
    r"""$\tanh x = 2\,\mathrm{sigmoid}(2x) - 1$."""
    return math.tanh(x)


@op(lambda s: -math.expm1(-s), saves="output")
def softplus(x: float) -> float:
    r"""$\ln(1 + e^x) = \max(x, 0) + \ln(1 + e^{-|x|})$; its derivative is the sigmoid."""
    return relu(x) + math.log1p(math.exp(-math.fabs(x)))


@op(lambda x: TWO_BY_SQRT_PI * math.exp(-x * x), domain=((-2.0, 2.0),))
def erf(x: float) -> float:
    r"""$\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$, the error function."""
    return math.erf(x)


@op(
    lambda x: normal_cdf(x) + normal_moment(x),
    domain=((-4.0, 4.0),),
)
def gelu(x: float) -> float:
    r"""$x\,\Phi(x)$, with $\Phi$ the normal distribution function (not its tanh approximation)."""
    return -0.0 if x < NORMAL_UNDERFLOW else x * normal_cdf(x)


def normal_cdf(x: float) -> float:
    r"""Return $\Phi(x)$, the probability of a standard normal variable to be below `x`."""
    return 0.5 * math.erfc(-x * SQRT_HALF)


def normal_moment(x: float) -> float:
    r"""Return $x\,\varphi(x)$, with $\varphi$ the density of a standard normal variable."""
    return 0.0 if math.isinf(x) else x * DENSITY_AT_0 * math.exp(-0.5 * x * x)
