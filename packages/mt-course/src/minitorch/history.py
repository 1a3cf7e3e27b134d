"""What a training run remembers: one row for each epoch."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from io import StringIO


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training data.

    Attributes:
        epoch: its number, from 1.
        train_loss: mean loss of the training samples while it learned from them.
        train_accuracy: share of them that it got right, 0 to 1.
        test_loss: mean loss of the test samples after the epoch.
        test_accuracy: share of them that it gets right, 0 to 1.
        seconds: how long training and testing took.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


def history_csv(history: Sequence[Epoch]) -> str:
    """Write rows as CSV text with a header, numbers in full precision.

    >>> print(history_csv([Epoch(1, 0.5, 0.75, 0.25, 0.875, 3.5)]), end="")
    epoch,train_loss,train_accuracy,test_loss,test_accuracy,seconds
    1,0.5,0.75,0.25,0.875,3.5
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Epoch))
    writer.writerows(astuple(epoch) for epoch in history)
    return text.getvalue()
