"""`minitorch doctor`: what can be used here, and what to install for the rest."""

import click

from mt_course.cli.later import later
from mt_course.cli.options import examples


@click.command(epilog=examples("doctor"))
def doctor() -> None:
    """Show backends, devices, threads, caches and versions."""
    later("doctor", "doctor")()
