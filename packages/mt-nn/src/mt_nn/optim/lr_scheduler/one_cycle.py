"""The one-cycle schedule: up to a large rate and down to a tiny one, momentum the other way."""

import math
from typing import Any, Literal

from mt_nn.arguments import positive, probability
from mt_nn.optim.lr_scheduler.scheduler import LRScheduler
from mt_nn.optim.optimizer import Optimizer


class OneCycleLR(LRScheduler):
    """Warm up, then anneal; one `step()` for each batch.

    Args:
        optimizer: whose groups to set.
        max_lr: the largest rate.
        total_steps: the length of the cycle.
        pct_start: the share of it that goes up.
        anneal_strategy: along a cosine (`"cos"`) or a line (`"linear"`).
        cycle_momentum: also move the momentum, or the first beta, between the two next.
        base_momentum: the momentum at the largest rate.
        max_momentum: the momentum at the ends.
        div_factor: the first rate is `max_lr` divided by this.
        final_div_factor: the last rate is the first one divided by this.

    Raises:
        ValueError: a number is out of range, momentum is to be moved where there is none, or a step
            goes beyond the end of the cycle.

    Source: `torch.optim.lr_scheduler.OneCycleLR`; Smith and Topin, 2018.
    """

    def __init__(  # noqa: PLR0913
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        *,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        """Set the rates of time 0."""
        positive("OneCycleLR", total_steps=total_steps)
        probability("OneCycleLR", "pct_start", pct_start)
        if anneal_strategy not in ("cos", "linear"):
            message = (
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', not {anneal_strategy!r}"
            )
            raise ValueError(message)
        if cycle_momentum and not {"momentum", "betas"} & optimizer.param_groups[0].keys():
            message = (
                f"OneCycleLR: {type(optimizer).__name__} has no momentum; cycle_momentum=False"
            )
            raise ValueError(message)
        self.total_steps = total_steps
        self.top = pct_start * total_steps - 1.0
        self.linear = anneal_strategy == "linear"
        self.rates = (max_lr / div_factor, max_lr, max_lr / div_factor / final_div_factor)
        self.momenta = (max_momentum, base_momentum, max_momentum) if cycle_momentum else None
        super().__init__(optimizer)

    def rate(self, base: float, time: int) -> float:  # noqa: ARG002  the cycle has rates of its own
        """Return the point of the cycle."""
        return self._along(self.rates, time)

    def step(self) -> None:
        """Go on by 1.

        Raises:
            ValueError: the cycle is over.
        """
        if self.last_epoch + 1 >= self.total_steps:
            message = f"OneCycleLR: the cycle of {self.total_steps} steps is over"
            raise ValueError(message)
        super().step()

    def apply(self) -> None:
        """Set rate and momentum of every group."""
        super().apply()
        if self.momenta is not None:
            momentum = self._along(self.momenta, self.last_epoch)
            for group in self.optimizer.param_groups:
                _set_momentum(group, momentum)

    def _along(self, points: tuple[float, float, float], time: int) -> float:
        start, top, end = points
        if time <= self.top:
            return self._between(start, top, time / self.top)
        return self._between(top, end, (time - self.top) / (self.total_steps - 1.0 - self.top))

    def _between(self, start: float, end: float, share: float) -> float:
        if self.linear:
            return start + (end - start) * share
        return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * share))


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum
