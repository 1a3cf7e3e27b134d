"""`sgd_step` and `adam_step`: the rule, its numbers, and whether the arrays lie alike.

A parameter and what belongs to it are contiguous as a rule; where they are not, the steps of the
default do.
"""

import math

from mt_cuda.device import BLOCK, REPEATS, ceil_div
from mt_cuda.intrinsics import LANES
from mt_cuda.kernels.descent import HEAVY, NESTEROV, PLAIN, Rule, descent
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.launchers import Launchers
from mt_cuda.plan import skew
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


def adam_numbers(  # noqa: PLR0913  the numbers of the rule
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    decoupled: bool,
    step: int,
) -> tuple[float, ...]:
    """Return the numbers of `mt_cuda.kernels.descent.ADAM`, in its order."""
    decay, shrink = (0.0, 1.0 - lr * weight_decay) if decoupled else (weight_decay, 1.0)
    rate = lr / (1.0 - betas[0] ** step)
    unbias = 1.0 / math.sqrt(1.0 - betas[1] ** step)
    return decay, shrink, 1.0 - betas[0], 1.0 - betas[1], rate, unbias, eps


def run(
    launchers: Launchers, rule: Rule, tensors: tuple[TensorData, ...], numbers: tuple[float, ...]
) -> None:
    """Take a step, in place: the tensors that change come first."""
    launcher = launchers.find(descent, rule, tensors[0].dtype)
    grid = (ceil_div(tensors[0].size, BLOCK * REPEATS * LANES), 1, 1)
    launchers.run_with(launcher, grid, tensors, numbers, tensors[0].size)
