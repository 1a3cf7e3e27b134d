"""`sgd_step` and `adam_step`: the rule, its numbers, and whether the arrays lie alike.

A parameter and what belongs to it are contiguous as a rule; where they are not, the steps of the
default do.
"""

from typing import Any

from mt_cuda.device import BLOCK, REPEATS, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.descent import HEAVY, NESTEROV, PLAIN, Rule, descent
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.launchers import Launchers
from mt_cuda.plan import skew
from mt_tensor.defaults.optimization import adam_rates
from mt_tensor.tensor_data import TensorData


def fits(*tensors: TensorData) -> bool:
    """Whether all are contiguous, of one dtype, and begin at vectors."""
    dtype = tensors[0].dtype
    alike = all(t.contiguous and t.dtype == dtype and skew(t) == 0 for t in tensors)
    return alike and 0 < tensors[0].size < LIMIT


def sgd_rule(*, moving: bool, nesterov: bool) -> Rule:
    """Return the rule of stochastic gradient descent, with a velocity or without one."""
    return (NESTEROV if nesterov else HEAVY) if moving else PLAIN


def sgd_numbers(
    rule: Rule, *, lr: float, weight_decay: float, momentum: float, dampening: float, **_: bool
) -> tuple[float, ...]:
    """Return the rate and the decay, and with a velocity the momentum and the gain."""
    return (lr, weight_decay, momentum, 1.0 - dampening)[: rule.numbers]


def adam_numbers(**rates: Any) -> tuple[float, ...]:
    """Return the numbers of `mt_cuda.kernels.descent.ADAM`, in its order."""
    r = adam_rates(**rates)
    return r.decay, r.shrink, r.new_mean, r.new_square, r.rate, r.unbias, r.eps


def run(
    launchers: Launchers, rule: Rule, tensors: tuple[TensorData, ...], numbers: tuple[float, ...]
) -> None:
    """Take a step, in place: the tensors that change come first."""
    launcher = launchers.find(descent, rule, tensors[0].dtype)
    grid = (ceil_div(tensors[0].size, BLOCK * REPEATS * LANES), 1, 1)
    launchers.run_with(launcher, grid, tensors, numbers, tensors[0].size)
