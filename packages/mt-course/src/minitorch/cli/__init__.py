"""The command `minitorch`: what it offers, option by option."""

from minitorch.cli.main import main as main
