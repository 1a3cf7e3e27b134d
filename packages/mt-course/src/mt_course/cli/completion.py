"""`minitorch completion`: what a shell needs to complete commands, options and values."""

import click
from click.shell_completion import get_completion_class

from mt_course.cli.options import examples

EPILOG = examples(
    "completion bash >> ~/.bashrc",
    "completion zsh >> ~/.zshrc",
    "completion fish > ~/.config/fish/completions/minitorch.fish",
)


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete this command.

    It takes effect in a new shell.
    """
    maker = get_completion_class(shell)
    if maker is None:
        message = f"click has no completion for {shell}"
        raise click.ClickException(message)
    root = ctx.find_root()
    click.echo(maker(root.command, {}, "minitorch", "_MINITORCH_COMPLETE").source())
