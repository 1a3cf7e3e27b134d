"""Options that several commands have, each made with the default of the command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from minitorch.cli.checks import backend_name, finite

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
POSITIVE = click.IntRange(min=1)


def together(*decorators: Decorator) -> Decorator:
    """Make one decorator of several, which are listed by `--help` in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(decorators):
            command = one(command)
        return command

    return decorate


def option(name: str, default: Any, text: str, **settings: Any) -> Decorator:
    """Make an option that shows its default in `--help`."""
    return click.option(name, default=default, show_default=True, help=text, **settings)


def epochs(default: int, what: str) -> Decorator:
    """Make `--epochs`, passes over `what`."""
    return option("--epochs", default, f"Passes over {what}.", type=POSITIVE)


def rate(default: float, text: str) -> Decorator:
    """Make `--lr`."""
    positive = click.FloatRange(min=0, min_open=True)
    return option("--lr", default, text, type=positive, callback=finite)


def seed(what: str) -> Decorator:
    """Make `--seed`, which decides `what`."""
    return option("--seed", 0, f"Decides {what}.", type=click.IntRange(min=0))


def backend(default: str, text: str) -> Decorator:
    """Make `--backend`."""
    return option("--backend", default, text, metavar="NAME", callback=backend_name)


def out(default: str) -> Decorator:
    """Make `--out`."""
    text = "Folder for the picture, history, weights and configuration."
    return option("--out", Path(default), text, type=click.Path(path_type=Path))
