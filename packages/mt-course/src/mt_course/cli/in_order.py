"""A group of commands that `--help` lists as they were added, not by their letters."""

import click


class InOrder(click.Group):
    """A group of commands in an order of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the names of the commands."""
        return list(self.commands)
