"""`minitorch predict`: load a run's folder and predict."""

from pathlib import Path

import click

from mt_course.cli.later import later
from mt_course.cli.options import complete_folder, examples

EPILOG = examples(
    "predict runs/mnist digit.png another.png",
    "predict runs/fast 0.2,0.7 0.9,0.1",
    'predict runs/sentiment "a warm , funny film"',
)


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path), shell_complete=complete_folder)
@click.argument("inputs", nargs=-1, required=True, type=click.Path())
def predict(folder: Path, inputs: tuple[str, ...]) -> None:
    """Predict with what a run has learned.

    FOLDER is where it was left. INPUTS are PNG files for mnist, sentences for sentiment, and points
    such as 0.2,0.7 for the other projects.
    """
    later("predict", "predict")(folder, inputs)
