"""What a training run leaves behind: a loss for each step, a line for each epoch."""

from dataclasses import dataclass, field


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


def _facts(prefix: str, score: Score) -> list[str]:
    facts = [f"{prefix}loss {score.loss:.4f}"]
    return facts + ([] if score.accuracy is None else [f"{prefix}accuracy {score.accuracy:.1%}"])
