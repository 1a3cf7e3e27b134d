"""`minitorch compare`: one project on several backends, or all projects, side by side."""

import click

from mt_course.cli import options
from mt_course.cli.later import later
from mt_course.cli.options import examples

EPILOG = examples(
    "compare tensor --backends simple,fast --epochs 5",
    "compare fast --backends simple,fast,torch --epochs 50",
    "compare all",
)


@click.command(epilog=EPILOG)
@click.argument("project", type=click.Choice(["tensor", "fast", "mnist", "all"]))
@options.option("--backends", "simple,fast", "Which to compare, for one project.")
@options.option("--epochs", 5, "Epochs of each run.", type=click.IntRange(min=2))
@options.seed("everything random")
def compare(project: str, backends: str, epochs: int, seed: int) -> None:
    """Compare the times of backends, or of projects.

    It runs one project on several backends, or all projects.
    An epoch's time is that of the fastest one after the first, which compiles. The ratio is to the
    first row. PyTorch, where it is installed, counts as the backend torch of the project fast.
    """
    later("compare", "compare")(project, backends.split(","), epochs, seed)
