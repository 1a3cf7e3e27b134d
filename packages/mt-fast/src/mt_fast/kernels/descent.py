r"""The step of an optimiser: a parameter and what is remembered of it, updated in one pass.

The rates are read from an array, so that a replay can change them without a new kernel. A unit of
work is an element; the storages agree element for element.

Bound by the compiler: `ALL`, the types of the elements, of which the last is that of the rates;
`number`, the type to compute in; `root` and `AHEAD`, whether to look ahead by Nesterov's rule.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ARG001, F821  templates: their names are bound, their types inferred

from mt_fast.kernels.calling import storages
from mt_fast.kernels.intrinsics.elements import get, put


def descend(data, layout, first, last):
    """Go down the gradient; the rates are the learning rate and the decay."""
    value, grad, rates = storages(data, 0, ALL)
    lr, decay = number(get(rates, 0)), number(get(rates, 1))
    for i in range(first, last):
        p = get(value, i)
        put(value, i, p - lr * (get(grad, i) + decay * p))


def roll(data, layout, first, last):
    """Go down the velocity; the rates are learning rate, decay, momentum and gain."""
    value, grad, velocity, rates = storages(data, 0, ALL)
    lr, decay = number(get(rates, 0)), number(get(rates, 1))
    momentum, gain = number(get(rates, 2)), number(get(rates, 3))
    for i in range(first, last):
        p = get(value, i)
        slope = get(grad, i) + decay * p
        v = momentum * get(velocity, i) + gain * slope
        put(velocity, i, v)
        put(value, i, p - lr * (slope + momentum * v if AHEAD else v))


def adapt(data, layout, first, last):
    """Go down the mean gradient, scaled; the rates are those of `mt_fast.optimization`."""
    value, grad, mean, square, rates = storages(data, 0, ALL)
    new, new_square = number(get(rates, 0)), number(get(rates, 1))
    decay, shrink = number(get(rates, 2)), number(get(rates, 3))
    rate, unbias, eps = number(get(rates, 4)), number(get(rates, 5)), number(get(rates, 6))
    for i in range(first, last):
        p = get(value, i)
        slope = get(grad, i) + decay * p
        m, s = get(mean, i), get(square, i)
        m += new * (slope - m)
        s += new_square * (slope * slope - s)
        put(mean, i, m)
        put(square, i, s)
        put(value, i, shrink * p - rate * m / (root(s) * unbias + eps))
