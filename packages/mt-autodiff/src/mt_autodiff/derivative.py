"""Derivatives by differences: slow, approximate, and independent of every rule under test."""

from collections.abc import Callable


def central_difference(
    f: Callable[..., float], *values: float, arg: int = 0, epsilon: float = 1e-6
) -> float:
    r"""Approximate $\partial f/\partial x_{arg}$ by $(f(x+\epsilon)-f(x-\epsilon))/2\epsilon$."""
    up, down = list(values), list(values)
    up[arg] += epsilon
    down[arg] -= epsilon
    return (f(*up) - f(*down)) / (2.0 * epsilon)
