"""The command `minitorch`. A mistake is answered with one line, an interruption with its code.

Exit codes: 0 done, 1 failed, 2 a wrong option or value, 130 interrupted by Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from mt_course.cli.compare import compare
from mt_course.cli.completion import completion
from mt_course.cli.doctor import doctor
from mt_course.cli.in_order import InOrder
from mt_course.cli.options import examples
from mt_course.cli.parallel_check import parallel_check
from mt_course.cli.predict import predict
from mt_course.cli.train import train

FAILED, INTERRUPTED = 1, 130
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

EPILOG = f"""{examples("train mnist", "train scalar --help", "predict runs/mnist digit.png")}

Exit codes: 0 done, 1 failed, 2 a wrong option or value, 130 interrupted by Ctrl-C.
"""


@click.group(cls=InOrder, context_settings=SETTINGS, epilog=EPILOG)
@click.version_option(package_name="mt-course")
def minitorch() -> None:
    """MiniTorch: deep learning, small enough to read."""


for command in (train, predict, compare, doctor, parallel_check, completion):
    minitorch.add_command(command)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the arguments name, by default those of the process, and exit."""
    try:
        result = minitorch.main(args, "minitorch", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.ClickException as error:
        sys.exit(_refuse(error, error.format_message(), error.exit_code))
    except OSError as error:
        sys.exit(_refuse(error, f"{error.filename or 'the system'}: {error.strerror}", FAILED))
    except click.Abort:
        sys.exit(INTERRUPTED)
    sys.exit(result if isinstance(result, int) else 0)


def _refuse(error: Exception, message: str, code: int) -> int:
    """Write one line that says which command failed, and why; return the exit code."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "minitorch"
    click.echo(f"{command}: {' '.join(message.split())}", err=True)
    return code
