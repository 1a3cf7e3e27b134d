"""Hooks into a training run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mt_nn.training.history import Epoch
    from mt_nn.training.trainer import Trainer


class Callback:
    """Is told what happens in a run; override what you want to hear of.

    The trainer is passed to every hook: `trainer.step`, `trainer.running` and `trainer.history` say
    where the run is, and `trainer.stop()` ends it after the step.
    """

    def on_fit_start(self, trainer: "Trainer") -> None:
        """Hear that a run begins."""

    def on_epoch_start(self, trainer: "Trainer") -> None:
        """Hear that a pass over the data begins."""

    def on_step_end(self, trainer: "Trainer") -> None:
        """Hear that the parameters have moved."""

    def on_epoch_end(self, trainer: "Trainer", epoch: "Epoch") -> None:
        """Hear how the pass went."""

    def on_fit_end(self, trainer: "Trainer") -> None:
        """Hear that the run is over, by its end, by `stop()`, or by an error."""

    def state_dict(self) -> dict[str, Any]:
        """Return what has to be kept in a checkpoint, so that a run can go on exactly."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where `state_dict()` was taken; called after `on_fit_start`."""
