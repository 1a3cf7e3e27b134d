r"""What every operator returns at the edges of the number line, as data.

The table is the contract of all implementations: Python here, and every backend that compiles the
same stanzas. A row holds one operator's results for the inputs at its head; `ANY` stands
for a result that IEEE 754 leaves open (the sign of the maximum of 0 and -0).

Source: IEEE 754-2019 and C17 annex F; compared with NumPy's and SciPy's results when written.
"""

from collections.abc import Mapping
from math import inf, nan

from mt_operators.activation import erf, gelu, leaky_relu, relu, sigmoid, softplus, tanh
from mt_operators.arithmetic import absolute, add, div, identity, inv, mul, neg, sub
from mt_operators.comparison import eq, ge, gt, is_close, le, lt, ne
from mt_operators.elementary import cos, exp, log, power, sin, sqrt
from mt_operators.op import Op
from mt_operators.selection import clamp, maximum, minimum, where

Edge = tuple[tuple[float, ...], float]

MAX = 1.7976931348623157e308
"""The largest double."""
MIN = 5e-324
"""The smallest positive double, which is subnormal."""
LN2 = 0.6931471805599453
ANY = None
"""In place of a result: it is not compared."""

# fmt: off
_NUMBERS = tuple((x,) for x in
              (0.0, -0.0, inf, -inf, nan, MAX, -MAX, MIN, 1000.0, -1000.0))
_UNARY: dict[Op, tuple[float | None, ...]] = {
    identity: (0.0, -0.0, inf, -inf, nan, MAX, -MAX, MIN, 1000.0, -1000.0),
    neg:      (-0.0, 0.0, -inf, inf, nan, -MAX, MAX, -MIN, -1000.0, 1000.0),
    absolute: (0.0, 0.0, inf, inf, nan, MAX, MAX, MIN, 1000.0, 1000.0),
    inv:      (inf, -inf, 0.0, -0.0, nan, 1.0 / MAX, -1.0 / MAX, inf, 0.001, -0.001),
    exp:      (1.0, 1.0, inf, 0.0, nan, inf, 0.0, 1.0, inf, 0.0),
    log:      (-inf, -inf, inf, nan, nan, 709.782712893384, nan, -744.4400719213812,
               6.907755278982137, nan),
    sqrt:     (0.0, -0.0, inf, nan, nan, 1.3407807929942596e154, nan, 2.2227587494850775e-162,
               31.622776601683793, nan),
    sin:      (0.0, -0.0, nan, nan, nan, 0.004961954789184062, -0.004961954789184062, MIN,
               0.8268795405320025, -0.8268795405320025),
    cos:      (1.0, 1.0, nan, nan, nan, -0.9999876894265599, -0.9999876894265599, 1.0,
               0.5623790762907029, 0.5623790762907029),
    relu:     (0.0, -0.0, inf, 0.0, nan, MAX, 0.0, MIN, 1000.0, 0.0),
    sigmoid:  (0.5, 0.5, 1.0, 0.0, nan, 1.0, 0.0, 0.5, 1.0, 0.0),
    tanh:     (0.0, -0.0, 1.0, -1.0, nan, 1.0, -1.0, MIN, 1.0, -1.0),
    softplus: (LN2, LN2, inf, 0.0, nan, MAX, 0.0, LN2, 1000.0, 0.0),
    erf:      (0.0, -0.0, 1.0, -1.0, nan, 1.0, -1.0, MIN, 1.0, -1.0),
    gelu:     (0.0, -0.0, inf, -0.0, nan, MAX, -0.0, 0.0, 1000.0, -0.0),
}

_ZEROS = ((0.0, 0.0), (0.0, -0.0), (-0.0, -0.0), (1.0, 0.0), (1.0, -0.0), (-1.0, 0.0), (0.0, -1.0),
          (-0.0, -1.0))
_BY_ZEROS: dict[Op, tuple[float | None, ...]] = {
    add:        (0.0, 0.0, -0.0, 1.0, 1.0, -1.0, -1.0, -1.0),
    sub:        (0.0, 0.0, 0.0, 1.0, 1.0, -1.0, 1.0, 1.0),
    mul:        (0.0, -0.0, 0.0, 0.0, -0.0, -0.0, -0.0, 0.0),
    div:        (nan, nan, nan, inf, -inf, -inf, -0.0, 0.0),
    power:      (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, inf, -inf),
    maximum:    (0.0, ANY, -0.0, 1.0, 1.0, 0.0, 0.0, -0.0),
    minimum:    (0.0, ANY, -0.0, 0.0, -0.0, -1.0, -1.0, -1.0),
    leaky_relu: (0.0, -0.0, 0.0, 1.0, 1.0, -0.0, -0.0, 0.0),
    lt:         (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    le:         (1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    gt:         (0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    ge:         (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    eq:         (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ne:         (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    is_close:   (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}

_EXTREMES = ((inf, inf), (inf, -inf), (-inf, 1.0), (1.0, inf), (inf, 0.0), (nan, 1.0), (1.0, nan),
             (nan, 0.0), (MAX, MAX), (-MAX, MAX), (MIN, MIN), (1000.0, -1000.0), (-1000.0, 1000.0))
_BY_EXTREMES: dict[Op, tuple[float | None, ...]] = {
    add:        (inf, nan, -inf, inf, inf, nan, nan, nan, inf, 0.0, 2 * MIN, 0.0, 0.0),
    sub:        (nan, inf, -inf, -inf, inf, nan, nan, nan, 0.0, -inf, 0.0, 2000.0, -2000.0),
    mul:        (inf, -inf, -inf, inf, nan, nan, nan, nan, inf, -inf, 0.0, -1e6, -1e6),
    div:        (nan, nan, -inf, 0.0, inf, nan, nan, nan, 1.0, -1.0, 1.0, -1.0, -1.0),
    power:      (inf, 0.0, -inf, 1.0, 1.0, nan, 1.0, 1.0, inf, inf, 1.0, 0.0, inf),
    maximum:    (inf, inf, 1.0, inf, inf, nan, nan, nan, MAX, MAX, MIN, 1000.0, 1000.0),
    minimum:    (inf, -inf, -inf, 1.0, 0.0, nan, nan, nan, MAX, -MAX, MIN, -1000.0, -1000.0),
    leaky_relu: (inf, inf, -inf, 1.0, inf, nan, 1.0, nan, MAX, -inf, MIN, 1000.0, -1e6),
    lt:         (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0),
    le:         (1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0),
    gt:         (0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    ge:         (1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0),
    eq:         (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0),
    ne:         (0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0),
    is_close:   (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0),
}

# Where a power meets its own edges: roots of negative numbers, odd powers, the largest double.
_POWERS = ((-1.0, 0.5), (-2.0, 3.0), (-2.0, 2.0), (-2.0, -3.0), (-0.0, 3.0), (-0.0, -3.0),
           (-0.0, -2.0), (-inf, 3.0), (-inf, -3.0), (-inf, 0.5), (-1.0, inf), (0.5, inf),
           (0.5, -inf), (2.0, 1023.0), (2.0, 1024.0), (-2.0, 1023.0), (-3.0, 999.0), (2.0, -1074.0))
_BY_POWERS: dict[Op, tuple[float | None, ...]] = {
    power: (nan, -8.0, 4.0, -0.125, -0.0, -inf,
            inf, -inf, -0.0, inf, 1.0, 0.0,
            inf, 8.98846567431158e307, inf, -8.98846567431158e307, -inf, MIN),
}

_TRIPLES = ((0.0, -1.0, 1.0), (-0.0, -1.0, 1.0), (inf, -1.0, 1.0), (-inf, -1.0, 1.0),
            (nan, -1.0, 1.0), (0.5, nan, 1.0), (0.5, -1.0, nan), (MAX, -inf, inf), (MIN, 0.0, 1.0),
            (0.0, 2.0, 1.0), (-MAX, -1000.0, 1000.0), (0.0, inf, nan))
_TERNARY: dict[Op, tuple[float | None, ...]] = {
    clamp: (0.0, -0.0, 1.0, -1.0, nan, nan, nan, MAX, MIN, 1.0, -1000.0, nan),
    where: (1.0, 1.0, -1.0, -1.0, -1.0, nan, -1.0, -inf, 0.0, 1.0, -1000.0, nan),
}
# fmt: on


def _table() -> dict[Op, tuple[Edge, ...]]:
    found: dict[Op, tuple[Edge, ...]] = {}
    for head, rows in (
        (_NUMBERS, _UNARY),
        (_ZEROS, _BY_ZEROS),
        (_EXTREMES, _BY_EXTREMES),
        (_POWERS, _BY_POWERS),
        (_TRIPLES, _TERNARY),
    ):
        for op, row in rows.items():
            edges = [(x, y) for x, y in zip(head, row, strict=True) if y is not ANY]
            found[op] = (*found.get(op, ()), *edges)
    return found


EDGES: Mapping[Op, tuple[Edge, ...]] = _table()
"""For each operator, its edge inputs with the result that IEEE 754 and C give."""
