"""`minitorch predict`: load a run's folder and predict."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np

from minitorch.data import Digits
from minitorch.data.drawing import read_drawing
from minitorch.projects.fast import FastLearner
from minitorch.projects.manual import Line, ManualLearner
from minitorch.projects.mnist import read
from minitorch.projects.points import EVEN, Learner, Points, PointsOptions
from minitorch.projects.scalar import ScalarLearner
from minitorch.projects.tensor import TensorLearner
from minitorch.report import percent
from minitorch.run_folder import read_config, read_weights
from mt_nn.models import LeNet
from mt_tensor import BackendError, float32, tensor

EPILOG = """\b
Examples:
  minitorch predict runs/mnist digit.png another.png
  minitorch predict runs/fast 0.2,0.7 0.9,0.1
"""
LEARNERS: dict[str, Callable[[PointsOptions], Learner]] = {
    "scalar": ScalarLearner,
    "tensor": TensorLearner,
    "fast": FastLearner,
}


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, required=True)
def predict(folder: Path, inputs: tuple[str, ...]) -> None:
    """Predict with what a run has learned.

    FOLDER is where it was left. INPUTS are PNG files for mnist, and points such as 0.2,0.7 for the
    other projects.
    """
    try:
        config, weights = read_config(folder), read_weights(folder)
        lines = _digits if config["project"] == "mnist" else _points
        for line in lines(config, weights, inputs):
            click.echo(line)
    except (OSError, ValueError, BackendError) as error:
        raise click.UsageError(_reason(error)) from None


def _digits(config: dict[str, Any], weights: dict[str, Any], inputs: Sequence[str]) -> list[str]:
    model = LeNet(backend=config["backend"], dtype=float32)
    state = {n: tensor(a, dtype=float32, backend=config["backend"]) for n, a in weights.items()}
    model.load_state(state)
    images = np.stack([read_drawing(Path(name)) for name in inputs])
    found = read(model, Digits(images, np.zeros(len(images), np.uint8)), config["backend"])
    rows = zip(inputs, found.predicted, found.probabilities, strict=True)
    return [f"{name}: {digit} ({percent(row[digit])})" for name, digit, row in rows]


def _points(config: dict[str, Any], weights: dict[str, Any], inputs: Sequence[str]) -> list[str]:
    learner = _learner(config)
    learner.load(weights)
    rows = zip(inputs, learner.probabilities(_read_points(inputs)), strict=True)
    return [f"{name}: label {int(p > EVEN)} (probability of 1: {percent(p)})" for name, p in rows]


def _learner(config: dict[str, Any]) -> Learner:
    if config["project"] == "manual":
        return ManualLearner(Line(config["w1"], config["w2"], config["bias"]))
    if config["project"] not in LEARNERS:
        message = f"there is no project {config['project']!r}"
        raise ValueError(message)
    known = {field.name for field in fields(PointsOptions)}
    told = PointsOptions(**{name: v for name, v in config.items() if name in known})
    return LEARNERS[config["project"]](told)


def _read_points(inputs: Sequence[str]) -> Points:
    points = []
    for text in inputs:
        try:
            x, y = (float(part) for part in text.split(","))
        except ValueError:
            message = f"{text!r} is no point; two numbers with a comma are, such as 0.2,0.7"
            raise ValueError(message) from None
        points.append((x, y))
    return points


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read {error.filename}: {error.strerror}."
    return str(error)


COMMANDS = {"predict": predict}
