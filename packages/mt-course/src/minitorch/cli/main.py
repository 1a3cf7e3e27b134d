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


OTHERS = {
    "compare": ("minitorch.cli.compare", "Run a project on several backends."),
    "doctor": ("minitorch.cli.doctor", "Show what can be used here."),
    "parallel-check": ("minitorch.cli.parallel_check", "Show what Numba makes parallel."),
    "predict": ("minitorch.cli.predict", "Use what a run has learned."),
    "train": ("minitorch.cli.train", "Train the model of a project."),
}


@click.group(cls=LazyGroup, found=OTHERS, context_settings=SETTINGS)
@click.version_option(package_name="mt-course")
def minitorch() -> None:
    """MiniTorch: deep learning, small enough to read."""


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
