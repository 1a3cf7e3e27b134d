"""`minitorch train`: one command for each project."""

import click

from minitorch.cli.lazy import LazyGroup

POINTS = "minitorch.cli.train_points"
PROJECTS = {
    "manual": (POINTS, "Module 0: a line that you choose, on labelled points."),
    "scalar": (POINTS, "Module 1: a network of scalars, on labelled points."),
    "tensor": (POINTS, "Module 2: a network of tensors, on labelled points."),
    "fast": (POINTS, "Module 3: the same, compiled for CPU or GPU."),
    "mnist": ("minitorch.cli.train_mnist", "Module 4: LeNet, on handwritten digits."),
}


@click.group(cls=LazyGroup, found=PROJECTS)
def train() -> None:
    """Train the model of a project.

    Each has its own options: minitorch train mnist --help
    """


COMMANDS = {"train": train}
