"""`minitorch parallel-check`: what Numba makes parallel of the loops that the course builds."""

import click

from mt_course.cli.later import later
from mt_course.cli.options import examples


@click.command("parallel-check", epilog=examples("parallel-check", "parallel-check | less"))
def parallel_check() -> None:
    """Show what Numba makes parallel.

    It compiles the course's map, zip, reduce and matmul, and prints Numba's diagnostics of each.
    """
    later("parallel_check", "parallel_check")()
