"""`minitorch train mnist`: the options of the command."""

from typing import Any

import click

from mt_course.cli import options
from mt_course.cli.checks import finite
from mt_course.cli.later import later
from mt_course.cli.options import examples
from mt_course.projects.options import MnistOptions

DEFAULT = MnistOptions()
EPILOG = examples(
    "train mnist",
    "train mnist --epochs 3 --lr 0.05 --seed 1",
    "train mnist --max-steps 5 --out /tmp/trial",
)


@click.command(epilog=EPILOG)
@options.epochs(DEFAULT.epochs, "the training digits")
@options.rate(DEFAULT.lr, "Learning rate of the first step; it falls on a line to 0.")
@options.option(
    "--momentum",
    DEFAULT.momentum,
    "How much of the velocity stays from step to step.",
    type=click.FloatRange(min=0, max=1, max_open=True),
    callback=finite,
)
@options.option(
    "--batch-size", DEFAULT.batch_size, "Digits in a step.", type=click.IntRange(min=1, max=8000)
)
@options.seed("the first weights, the order of the digits and dropout")
@options.backend(
    DEFAULT.backend,
    "What computes: fast, or cuda on a GPU; simple computes the same, but takes days.",
)
@options.option(
    "--digits",
    DEFAULT.digits,
    "Those that ship with the course, or all of MNIST, 70,000, from the cache or the network.",
    type=click.Choice(["shipped", "all"]),
)
@options.number_type(DEFAULT.dtype)
@options.max_steps()
@options.out("runs/mnist")
def mnist(**told: Any) -> int:
    """Module 4: LeNet, on handwritten digits.

    It learns from 8,000 digits of MNIST, which ship with the course, and is tested on 2,000 others.
    With all digits, 60,000 and 10,000; where those are not to be had, the table says so and why.
    Ctrl-C stops it and keeps what it has.
    """
    code: int = later("train_mnist", "train")(**told)
    return code
