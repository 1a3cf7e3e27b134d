"""`minitorch train sentiment`: the options of the command."""

from typing import Any

import click

from mt_course.cli import options
from mt_course.cli.checks import finite
from mt_course.cli.later import later
from mt_course.cli.options import examples
from mt_course.projects.options import SentimentOptions

DEFAULT = SentimentOptions()
EPILOG = examples(
    "train sentiment",
    "train sentiment --vectors random --epochs 5",
    "train sentiment --max-steps 5 --out /tmp/trial",
    'predict runs/sentiment "a warm , funny film"',
)


@click.command(epilog=EPILOG)
@options.epochs(DEFAULT.epochs, "the training sentences, at most")
@options.option(
    "--patience",
    DEFAULT.patience,
    "End after so many epochs without a better validation loss.",
    type=click.IntRange(min=0),
)
@options.rate(DEFAULT.lr, "Learning rate of Adam.")
@options.option("--batch-size", DEFAULT.batch_size, "Sentences in a step.", type=options.POSITIVE)
@options.option(
    "--channels",
    DEFAULT.channels,
    "Kernels for phrases of 3, of 4 and of 5 words.",
    type=options.POSITIVE,
)
@options.option(
    "--dropout",
    DEFAULT.dropout,
    "The share of numbers that training silences.",
    type=click.FloatRange(min=0, max=1, max_open=True),
    callback=finite,
)
@options.option(
    "--vectors",
    DEFAULT.vectors,
    "What words are at first.",
    type=click.Choice(["glove", "random"]),
)
@options.seed("the three parts, the first weights, the order of the sentences and dropout")
@options.backend(DEFAULT.backend, "What computes: fast, or cuda on a GPU.")
@options.number_type(DEFAULT.dtype)
@options.max_steps()
@options.out("runs/sentiment")
def sentiment(**told: Any) -> int:
    """Module 4: Kim's network, on sentences about films.

    Is a sentence for the film or against it? Of some 10,000 sentences that people have rated, it
    learns from 8 in 10, chooses its best epoch by 1 in 10 and is tested on the rest. Sentences and
    vectors of words come from the cache or else from the package index; the first line says where
    from. Ctrl-C stops it and keeps what it has.
    """
    code: int = later("train_sentiment", "train")(**told)
    return code
