"""The command `minitorch`. A mistake is answered with one line, an interruption with its code.

Exit codes: 0 done, 1 failed, 2 a wrong option or value, 130 interrupted by Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from minitorch.cli.lazy import LazyGroup

INTERRUPTED = 130
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


POINTS = "minitorch.cli.train_points"
TRAIN = {
    "manual": (POINTS, "Module 0: a line that you choose, on labelled points."),
    "scalar": (POINTS, "Module 1: a network of scalars, on labelled points."),
    "tensor": (POINTS, "Module 2: a network of tensors, on labelled points."),
    "fast": (POINTS, "Module 3: the same, compiled for CPU or GPU."),
    "mnist": ("minitorch.cli.train_mnist", "Module 4: LeNet, on handwritten digits."),
}


@click.group(context_settings=SETTINGS)
@click.version_option(package_name="mt-course")
def minitorch() -> None:
    """MiniTorch: deep learning, small enough to read."""


@minitorch.group(cls=LazyGroup, found=TRAIN)
def train() -> None:
    """Train the model of a project.

    Each has its own options: minitorch train mnist --help
    """


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the arguments name, by default those of the process, and exit."""
    try:
        result = minitorch.main(args, "minitorch", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.ClickException as error:
        click.echo(_one_line(error), err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(INTERRUPTED)
    sys.exit(result if isinstance(result, int) else 0)


def _one_line(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "minitorch"
    return f"{command}: {' '.join(error.format_message().split())}"
