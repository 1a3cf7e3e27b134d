"""What a training run leaves behind: a loss for each step, a line for each epoch."""

from dataclasses import dataclass, field
from pathlib import Path

from mt_nn.checkpoint.files import write_whole
from mt_nn.training.curves import history_to_svg


@dataclass(frozen=True)
class Score:
    """How a network does on some samples.

    Attributes:
        loss: its mean over the samples.
        accuracy: the share that it gets right, or None where nothing is measured.
        samples: how many there were.
    """

    loss: float
    accuracy: float | None
    samples: int


@dataclass(frozen=True)
class Epoch:
    """One pass over the training data.

    Attributes:
        number: counted from 1.
        train: the score while it was trained: each batch as it was before its step.
        test: the score on the other data after the pass, or None.
        seconds: how long the pass took, without the test.
    """

    number: int
    train: Score
    test: Score | None
    seconds: float

    @property
    def samples_per_second(self) -> float:
        """How fast it was trained."""
        return self.train.samples / self.seconds if self.seconds > 0.0 else 0.0

    def __str__(self) -> str:
        """Show it as a line of text."""
        facts = [f"epoch {self.number}", *_facts("", self.train)]
        facts += _facts("test ", self.test) if self.test else []
        return "  ".join([*facts, f"{self.seconds:.1f} s"])


@dataclass
class History:
    """A whole run.

    Attributes:
        step_losses: the loss of every step, in order.
        epochs: the epochs, the last one perhaps not complete.
        interrupted: whether it was stopped before its end.
    """

    step_losses: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    interrupted: bool = False

    def to_svg(self) -> str:
        """Draw its curves: loss, and accuracy where it is measured."""
        return history_to_svg(self)

    def plot(self, path: str | Path) -> None:
        """Write its curves to an SVG file.

        Raises:
            ValueError: the name of the file does not end in `.svg`.
            OSError: the folder cannot be written to.
        """
        if Path(path).suffix != ".svg":
            message = f"History.plot: {str(path)!r} must end in '.svg', which is what it writes"
            raise ValueError(message)
        write_whole(Path(path), self.to_svg().encode())


def _facts(prefix: str, score: Score) -> list[str]:
    facts = [f"{prefix}loss {score.loss:.4f}"]
    return facts + ([] if score.accuracy is None else [f"{prefix}accuracy {score.accuracy:.1%}"])
