"""What click does not check about an option's value."""

import math

import click


def finite(_: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse NaN and infinity, which are in no range but pass as one.

    Raises:
        click.BadParameter: the value is one of them.
    """
    if not math.isfinite(value):
        message = f"{value} is not a finite number."
        raise click.BadParameter(message, param=param)
    return value
