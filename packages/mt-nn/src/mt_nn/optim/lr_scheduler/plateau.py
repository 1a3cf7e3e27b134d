"""A smaller learning rate where nothing improves any more."""

from math import inf
from typing import Any, Literal

from mt_nn.optim.optimizer import Optimizer


class ReduceLROnPlateau:
    """Multiply the rate by a factor where a measured value has not improved for some time.

    Args:
        optimizer: whose groups to set.
        mode: whether a small (`"min"`) or a large value (`"max"`) is good.
        factor: by what to multiply.
        patience: how many steps without improvement to bear.
        threshold: by how much a value must be better.
        threshold_mode: as a share of the best (`"rel"`), or absolutely (`"abs"`).
        cooldown: how many steps to wait after a reduction.
        min_lr: no rate gets below.
        eps: a smaller change is not made.

    Attributes:
        best: the best value so far.
        num_bad_epochs: for how many steps nothing has improved.

    Raises:
        ValueError: the factor is not below 1, or there is no such mode.

    Source: `torch.optim.lr_scheduler.ReduceLROnPlateau`.
    """

    def __init__(  # noqa: PLR0913, PLR0917  PyTorch's signature
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        """Expect the first value."""
        _check(factor, mode, threshold_mode)
        self.optimizer = optimizer
        self.sign = 1.0 if mode == "min" else -1.0
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.relative = threshold_mode == "rel"
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.eps = eps
        self.best = self.sign * inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0

    def step(self, metrics: float) -> None:
        """Take a value in, and reduce the rate if it is time to.

        Args:
            metrics: the value, such as a loss on other data.
        """
        self.last_epoch += 1
        if self._improved(float(metrics)):
            self.best = float(metrics)
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return what has to be kept to go on later."""
        return {name: getattr(self, name) for name in _KEPT}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where `state_dict()` was taken."""
        for name in _KEPT:
            setattr(self, name, state_dict[name])

    def _improved(self, value: float) -> bool:
        margin = self.sign * self.threshold
        bound = self.best * (1.0 - margin) if self.relative else self.best - margin
        return self.sign * value < self.sign * bound

    def _reduce(self) -> None:
        for group in self.optimizer.param_groups:
            smaller = max(group["lr"] * self.factor, self.min_lr)
            if group["lr"] - smaller > self.eps:
                group["lr"] = smaller


_KEPT = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")


def _check(factor: float, mode: str, threshold_mode: str) -> None:
    if not factor < 1.0:
        message = f"ReduceLROnPlateau: factor must be below 1, not {factor!r}"
        raise ValueError(message)
    if mode not in ("min", "max"):
        message = f"ReduceLROnPlateau: mode must be 'min' or 'max', not {mode!r}"
        raise ValueError(message)
    if threshold_mode not in ("rel", "abs"):
        message = (
            f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', not {threshold_mode!r}"
        )
        raise ValueError(message)
