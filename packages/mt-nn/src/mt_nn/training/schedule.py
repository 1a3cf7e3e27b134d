"""A learning-rate schedule as a part of a run."""

from typing import TYPE_CHECKING, Any, Literal

from mt_nn.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from mt_nn.training.callback import Callback

if TYPE_CHECKING:
    from mt_nn.training.history import Epoch
    from mt_nn.training.trainer import Trainer


class Schedule(Callback):
    """Let a schedule go on after each step, or after each epoch.

    Args:
        scheduler: the schedule; a plateau is told the loss on the test data, or the training loss
            where there are none.
        every: `"step"` or `"epoch"`; a plateau goes by epochs.

    Raises:
        ValueError: `every` is neither, or a plateau is to go by steps.
    """

    def __init__(
        self,
        scheduler: LRScheduler | ReduceLROnPlateau,
        every: Literal["step", "epoch"] = "epoch",
    ) -> None:
        """Keep the choice."""
        if every not in ("step", "epoch"):
            message = f"Schedule: every must be 'step' or 'epoch', not {every!r}"
            raise ValueError(message)
        if every == "step" and isinstance(scheduler, ReduceLROnPlateau):
            message = "Schedule: ReduceLROnPlateau goes by epochs"
            raise ValueError(message)
        self.scheduler = scheduler
        self.every = every

    def on_step_end(self, trainer: "Trainer") -> None:
        """Go on, if it is every step, but for the last one."""
        if self.every == "step" and trainer.step < trainer.steps:
            self.scheduler.step()  # type: ignore[call-arg]  # a plateau is not here

    def on_epoch_end(self, trainer: "Trainer", epoch: "Epoch") -> None:  # noqa: ARG002
        """Go on, if it is every epoch."""
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step((epoch.test or epoch.train).loss)
        elif self.every == "epoch":
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the schedule."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where it was taken."""
        self.scheduler.load_state_dict(state_dict)
