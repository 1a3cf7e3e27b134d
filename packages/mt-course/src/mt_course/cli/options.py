"""Options that several commands have, each made with the default of the command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mt_course.cli.checks import finite

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
POSITIVE = click.IntRange(min=1)
BACKENDS = ("simple", "fast", "cuda")
"""Those that completion offers; one of a user's is taken as well."""


def together(*decorators: Decorator) -> Decorator:
    """Make one decorator of several, which are listed by `--help` in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(decorators):
            command = one(command)
        return command

    return decorate


def examples(*commands: str) -> str:
    """Lay out examples for the end of `--help`."""
    return "\n".join(["\b", "Examples:", *(f"  minitorch {command}" for command in commands)])


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
    return option("--backend", default, text, metavar="NAME", shell_complete=complete_backend)


def number_type(default: str) -> Decorator:
    """Make `--dtype`."""
    dtypes = click.Choice(["float64", "float32"])
    return option("--dtype", default, "Type of the numbers.", type=dtypes)


def max_steps() -> Decorator:
    """Make `--max-steps`."""
    text = "End after so many steps, for a trial.  [default: no limit]"
    return click.option("--max-steps", type=POSITIVE, default=None, help=text)


def out(default: str) -> Decorator:
    """Make `--out`."""
    text = "Folder for the picture, history, weights and configuration."
    path = click.Path(path_type=Path)
    return option("--out", Path(default), text, type=path, shell_complete=complete_folder)


def complete_backend(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """List the backends that begin as what was typed."""
    return [name for name in BACKENDS if name.startswith(incomplete)]


def complete_folder(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Leave it to the shell to complete a folder."""
    return [CompletionItem(incomplete, type="dir")]
