"""`minitorch train manual`, `scalar`, `tensor`, `fast` and `torch`: networks on labelled points."""

from typing import Any

import click

from mt_course.cli import options
from mt_course.cli.checks import finite
from mt_course.cli.later import later
from mt_course.cli.options import examples
from mt_course.projects.options import FAST, SCALAR, TENSOR, TORCH, PointsOptions
from mt_operators import DATASETS


def on_points(out: str) -> options.Decorator:
    """Add what every project on points can be told."""
    tasks = click.Choice(list(DATASETS), case_sensitive=False)
    return options.together(
        options.option("--dataset", SCALAR.dataset, "Which task.", type=tasks),
        options.option("--points", SCALAR.points, "How many points.", type=options.POSITIVE),
        options.seed("the points, the first weights and the order of the points"),
        options.out(out),
    )


def learning(default: PointsOptions) -> options.Decorator:
    """Add what a network that learns can be told."""
    return options.together(
        options.option("--hidden", default.hidden, "Width of both layers.", type=options.POSITIVE),
        options.rate(default.lr, "Learning rate."),
        options.epochs(default.epochs, "the points"),
        click.option(
            "--batch-size",
            type=options.POSITIVE,
            default=default.batch_size,
            help=f"Points in a step.  [default: {default.batch_size or 'all'}]",
        ),
    )


def number(name: str, default: float, text: str) -> options.Decorator:
    """Make an option for a finite number."""
    return options.option(name, default, text, type=float, callback=finite)


@click.command(epilog=examples("train manual --dataset Simple --w1 -10 --w2 0 --bias 5"))
@number("--w1", 1.0, "Weight of the first coordinate.")
@number("--w2", 1.0, "Weight of the second coordinate.")
@number("--bias", -1.0, "What is added.")
@on_points("runs/manual")
def manual(**told: Any) -> int:
    """Module 0: a line that you choose, on labelled points.

    It learns nothing, and counts the points that the line gets right.
    """
    return train("manual", **told, epochs=1)


@click.command(epilog=examples("train scalar", "train scalar --dataset Diag --epochs 100"))
@on_points("runs/scalar")
@learning(SCALAR)
def scalar(**told: Any) -> int:
    """Module 1: a network of scalars, on labelled points.

    Every number has its own history.
    """
    return train("scalar", **told)


@click.command(epilog=examples("train tensor", "train tensor --dataset Circle --backend fast"))
@on_points("runs/tensor")
@learning(TENSOR)
@options.backend(TENSOR.backend, "What computes: simple, fast or cuda.")
@options.number_type(TENSOR.dtype)
def tensor(**told: Any) -> int:
    """Module 2: a network of tensors, on labelled points.

    It takes a whole batch at a time, by broadcasting.
    """
    return train("tensor", **told)


@click.command(epilog=examples("train fast", "train fast --dataset Spiral --dtype float32"))
@on_points("runs/fast")
@learning(FAST)
@options.backend(FAST.backend, "What computes: simple, fast or cuda.")
@options.number_type(FAST.dtype)
def fast(**told: Any) -> int:
    """Module 3: the same, compiled for CPU or GPU.

    It computes by matrix products, and learns by Adam.
    """
    return train("fast", **told)


@click.command(epilog=examples("train torch", "train torch --dataset Spiral"))
@on_points("runs/torch")
@learning(TORCH)
@options.number_type(TORCH.dtype)
def torch(**told: Any) -> int:
    """For comparison: the network of fast in PyTorch.

    It begins with the same weights, and takes the same steps. PyTorch must be installed.
    """
    return train("torch", backend=TORCH.backend, **told)


def train(project: str, **told: Any) -> int:
    """Train, keep what comes of it, and report it; return the exit code."""
    code: int = later("train_points", "train")(project, **told)
    return code
