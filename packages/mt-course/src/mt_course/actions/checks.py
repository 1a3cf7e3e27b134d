"""What only trying can tell about an option's value. Each failure is one line for the user."""

from pathlib import Path

import click

import mt_tensor


class CommandError(click.ClickException):
    """The command that runs cannot do what it was asked; its line names it."""

    def __init__(self, message: str) -> None:
        """Remember which command it is."""
        super().__init__(message)
        self.ctx = click.get_current_context()


def usable_backend(name: str, option: str = "--backend") -> str:
    """Load the backend of this name, and return the name.

    Raises:
        click.BadParameter: there is none, or it cannot be used here.
    """
    try:
        return mt_tensor.get_backend(name).name
    except mt_tensor.BackendError as error:
        raise bad_value(str(error), option) from None


def writable_folder(path: Path, option: str = "--out") -> Path:
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
        raise bad_value(message, option) from None
    return path


def bad_value(message: str, option: str) -> click.BadParameter:
    """Make the error that says which option of the command has a value that will not do."""
    return click.BadParameter(message, click.get_current_context(), param_hint=repr(option))
