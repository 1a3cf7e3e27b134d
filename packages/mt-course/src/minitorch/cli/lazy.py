"""A group of commands that are imported when they are asked for, so that `--help` is quick."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that knows its commands by name.

    Args:
        found: for each command, its module and a line of help, which `--help` shows.
        settings: as for `click.Group`.
    """

    def __init__(self, *args: Any, found: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        """Keep the names."""
        super().__init__(*args, **settings)
        self.found = found

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the names, in the order in which they were given."""
        return list(self.found)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; its module has all of its commands by name in `COMMANDS`."""
        if cmd_name not in self.found:
            return super().get_command(ctx, cmd_name)
        module, _ = self.found[cmd_name]
        made: Any = import_module(module)
        command: click.Command = made.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.found.items()])
