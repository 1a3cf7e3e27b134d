"""What click does not check about an option's value. Each failure is one line for the user."""

import math
from pathlib import Path

import click

import mt_tensor


def finite(_: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse NaN and infinity, which are in no range but pass as one.

    Raises:
        click.BadParameter: the value is one of them.
    """
    if not math.isfinite(value):
        message = f"{value} is not a finite number."
        raise click.BadParameter(message, param=param)
    return value


def backend_name(_: click.Context, param: click.Parameter, name: str) -> str:
    """Load the backend of this name.

    Raises:
        click.BadParameter: there is none, or it cannot be used here.
    """
    try:
        return mt_tensor.get_backend(name).name
    except mt_tensor.BackendError as error:
        raise click.BadParameter(str(error), param=param) from None


def writable_folder(path: Path, option: str) -> Path:
    """Make a folder unless it is there, and write to it: better known now than after training.

    Raises:
        click.BadParameter: it cannot be made or written to.
    """
    probe = path / ".writable"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"cannot write to {path}: {error.strerror}."
        context = click.get_current_context()
        raise click.BadParameter(message, context, param_hint=repr(option)) from None
    return path
