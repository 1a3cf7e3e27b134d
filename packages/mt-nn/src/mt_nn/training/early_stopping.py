"""Stopping before a network learns the training data by heart."""

from math import inf
from typing import TYPE_CHECKING, Any

from mt_nn.checkpoint import load_into
from mt_nn.training.callback import Callback

if TYPE_CHECKING:
    from mt_nn.training.history import Epoch
    from mt_nn.training.trainer import Trainer


class EarlyStopping(Callback):
    """End a run when the loss on the test data has not improved for some epochs.

    Args:
        patience: how many epochs without improvement to bear.
        min_delta: by how much a loss must be smaller.
        restore_best: give the network the weights of its best epoch at the end.

    Attributes:
        best: the best loss so far.
        best_epoch: the epoch that had it, counted from 1; 0 before the first.

    Raises:
        ValueError: a number is negative.
    """

    def __init__(
        self, patience: int = 3, min_delta: float = 0.0, *, restore_best: bool = True
    ) -> None:
        """Expect the first epoch."""
        if patience < 0 or not min_delta >= 0.0:
            message = (
                f"EarlyStopping: patience = {patience} and min_delta = {min_delta} "
                "must not be negative"
            )
            raise ValueError(message)
        self.patience = patience
        self.min_delta = min_delta
        self.restore_best = restore_best
        self.best = inf
        self.best_epoch = 0
        self._weights: dict[str, Any] = {}

    def on_epoch_end(self, trainer: "Trainer", epoch: "Epoch") -> None:
        """Look at the loss.

        Raises:
            ValueError: there are no test data.
        """
        if epoch.test is None:
            if trainer.history.interrupted:
                return
            message = "EarlyStopping: fit() was given no test data to watch"
            raise ValueError(message)
        if epoch.test.loss < self.best - self.min_delta:
            self.best, self.best_epoch = epoch.test.loss, epoch.number
            if self.restore_best:
                state = trainer.model.state()
                self._weights = {name: value.detach().clone() for name, value in state.items()}
        elif epoch.number - self.best_epoch > self.patience:
            trainer.stop()

    def on_fit_end(self, trainer: "Trainer") -> None:
        """Give back the best weights."""
        if self._weights:
            load_into(trainer.model, self._weights, "EarlyStopping")

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch, its loss and its weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where it was taken."""
        self.best, self.best_epoch = state_dict["best"], state_dict["best_epoch"]
        self._weights = state_dict["weights"]
