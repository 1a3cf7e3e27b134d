"""What every schedule has: a time, and a learning rate for each group that depends on it."""

from abc import ABC, abstractmethod
from typing import Any

from mt_nn.optim.optimizer import Optimizer


class LRScheduler(ABC):
    """Sets the learning rate of every group, at once and at each `step()`.

    Subclass it with `rate`, the whole curve as one formula. PyTorch goes from each rate to the next
    instead, which is the same curve but for rounding.

    Args:
        optimizer: whose groups to set.

    Attributes:
        last_epoch: the time, 0 at first; each `step()` adds 1.
        base_lrs: the rate of each group before any schedule.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        """Set the rates of time 0."""
        self.optimizer = optimizer
        self.last_epoch = 0
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.apply()

    @abstractmethod
    def rate(self, base: float, time: int) -> float:
        """Return the learning rate at a time, for a group that began with `base`."""

    def step(self) -> None:
        """Go on by 1."""
        self.last_epoch += 1
        self.apply()

    def apply(self) -> None:
        """Set the rate of every group for the time that it is."""
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = self.rate(base, self.last_epoch)

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return what has to be kept to go on later."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where `state_dict()` was taken."""
        self.last_epoch = state_dict["last_epoch"]
        self.base_lrs = list(state_dict["base_lrs"])
        self.apply()
