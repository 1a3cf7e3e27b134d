"""What `minitorch predict` does: load a run's folder and predict."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np

from minitorch.data import Digits
from minitorch.data.drawing import read_drawing
from mt_course.actions.learners import make_learner
from mt_course.projects.mnist import read
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import EVEN, Points
from mt_course.report import percent
from mt_course.run_folder import read_config, read_weights
from mt_nn.models import LeNet
from mt_tensor import BackendError, float32, tensor

Config = dict[str, Any]
Predict = Callable[[Config, dict[str, Any], Sequence[str]], list[str]]


def predict(folder: Path, inputs: Sequence[str]) -> None:
    """Print a line for each input.

    Raises:
        click.UsageError: the folder holds no run, or an input is not what its project takes.
    """
    try:
        config, weights = read_config(folder), read_weights(folder)
        for line in PROJECTS.get(config["project"], _points)(config, weights, inputs):
            click.echo(line)
    except (OSError, ValueError, BackendError) as error:
        raise click.UsageError(_reason(error), click.get_current_context()) from None


def _digits(config: Config, weights: dict[str, Any], inputs: Sequence[str]) -> list[str]:
    model = LeNet(backend=config["backend"], dtype=float32)
    state = {n: tensor(a, dtype=float32, backend=config["backend"]) for n, a in weights.items()}
    model.load_state(state)
    images = np.stack([read_drawing(Path(name)) for name in inputs])
    found = read(model, Digits(images, np.zeros(len(images), np.uint8)), config["backend"])
    rows = zip(inputs, found.predicted, found.probabilities, strict=True)
    return [f"{name}: {digit} ({percent(row[digit])})" for name, digit, row in rows]


def _points(config: Config, weights: dict[str, Any], inputs: Sequence[str]) -> list[str]:
    known = {field.name for field in fields(PointsOptions)}
    told = PointsOptions(**{name: v for name, v in config.items() if name in known})
    learner = make_learner(config["project"], told, config)
    learner.load(weights)
    rows = zip(inputs, learner.probabilities(_read_points(inputs)), strict=True)
    return [f"{name}: label {int(p > EVEN)} (probability of 1: {percent(p)})" for name, p in rows]


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


PROJECTS: dict[str, Predict] = {"mnist": _digits}
