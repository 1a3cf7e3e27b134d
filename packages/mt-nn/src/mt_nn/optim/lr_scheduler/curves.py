"""Schedules that are one formula of the time."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from mt_nn.arguments import positive
from mt_nn.optim.lr_scheduler.scheduler import LRScheduler
from mt_nn.optim.optimizer import Optimizer


class LambdaLR(LRScheduler):
    """The base rate times any function of the time. Source: `torch.optim.lr_scheduler.LambdaLR`.

    Args:
        optimizer: whose groups to set.
        lr_lambda: the function.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        """Set the rates of time 0."""
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return `base * lr_lambda(time)`."""
        return base * self.lr_lambda(time)


class StepLR(LRScheduler):
    r"""Multiply by $\gamma$ every so often, $\gamma^{\lfloor t / s \rfloor}$.

    Args:
        optimizer: whose groups to set.
        step_size: $s$.
        gamma: $\gamma$.

    Raises:
        ValueError: `step_size` is not a positive integer.

    Source: `torch.optim.lr_scheduler.StepLR`.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        """Set the rates of time 0."""
        positive("StepLR", step_size=step_size)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the base rate times the power."""
        return base * self.gamma ** (time // self.step_size)


class MultiStepLR(LRScheduler):
    r"""Multiply by $\gamma$ at given times. Source: `torch.optim.lr_scheduler.MultiStepLR`.

    Args:
        optimizer: whose groups to set.
        milestones: the times, ascending.
        gamma: $\gamma$.
    """

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        """Set the rates of time 0."""
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the base rate times the power."""
        return base * self.gamma ** bisect_right(self.milestones, time)


class ExponentialLR(LRScheduler):
    r"""Multiply by $\gamma$ at every step. Source: `torch.optim.lr_scheduler.ExponentialLR`.

    Args:
        optimizer: whose groups to set.
        gamma: $\gamma$.
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        """Set the rates of time 0."""
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the base rate times the power."""
        return base * float(self.gamma**time)


class ConstantLR(LRScheduler):
    """A part of the base rate for some time, then all of it.

    Args:
        optimizer: whose groups to set.
        factor: the part.
        total_iters: the time.

    Source: `torch.optim.lr_scheduler.ConstantLR`.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3.0, total_iters: int = 5
    ) -> None:
        """Set the rates of time 0."""
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the base rate, or a part of it."""
        return base * (self.factor if time < self.total_iters else 1.0)


class LinearLR(LRScheduler):
    """From one part of the base rate to another, in a straight line: a warm-up.

    Args:
        optimizer: whose groups to set.
        start_factor: the part at time 0.
        end_factor: the part at the end, and afterwards.
        total_iters: the time that it takes.

    Raises:
        ValueError: `total_iters` is not a positive integer.

    Source: `torch.optim.lr_scheduler.LinearLR`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        """Set the rates of time 0."""
        positive("LinearLR", total_iters=total_iters)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the part of the base rate."""
        done = min(time, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class CosineAnnealingLR(LRScheduler):
    r"""From the base rate down to the least one, as half a period of a cosine.

    $\eta_{\min} + (\eta - \eta_{\min}) (1 + \cos(\pi t / T)) / 2$.

    Args:
        optimizer: whose groups to set.
        T_max: $T$.
        eta_min: the least rate.

    Raises:
        ValueError: `T_max` is not a positive integer.

    Source: `torch.optim.lr_scheduler.CosineAnnealingLR`; Loshchilov and Hutter, 2017.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        """Set the rates of time 0."""
        positive("CosineAnnealingLR", T_max=T_max)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the point of the curve."""
        share = (1.0 + math.cos(math.pi * time / self.T_max)) / 2.0
        return self.eta_min + (base - self.eta_min) * share


class SequentialLR(LRScheduler):
    """One schedule after another, each with a time of its own.

    Args:
        optimizer: whose groups to set.
        schedulers: in order.
        milestones: when each but the first takes over, ascending.

    Raises:
        ValueError: there is not one milestone between each two schedules.

    Source: `torch.optim.lr_scheduler.SequentialLR`.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        """Set the rates of time 0."""
        if len(schedulers) != len(milestones) + 1:
            message = (
                f"SequentialLR: {len(schedulers)} schedulers need {len(schedulers) - 1} "
                f"milestones, not {len(milestones)}"
            )
            raise ValueError(message)
        self.schedulers = list(schedulers)
        self.milestones = list(milestones)
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:
        """Return the rate of the schedule whose time it is."""
        i = bisect_right(self.milestones, time)
        return self.schedulers[i].rate(base, time - [0, *self.milestones][i])
