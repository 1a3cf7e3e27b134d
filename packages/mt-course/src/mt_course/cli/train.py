"""`minitorch train`: one command for each project."""

import click

from mt_course.cli.in_order import InOrder
from mt_course.cli.options import examples
from mt_course.cli.train_mnist import mnist
from mt_course.cli.train_points import fast, manual, scalar, tensor, torch
from mt_course.cli.train_sentiment import sentiment

EPILOG = examples("train scalar --dataset Diag", "train mnist --epochs 3", "train mnist --help")


@click.group(cls=InOrder, epilog=EPILOG)
def train() -> None:
    """Train the model of a project.

    Each has its own options: minitorch train mnist --help
    """


for command in (manual, scalar, tensor, fast, mnist, sentiment, torch):
    train.add_command(command)
