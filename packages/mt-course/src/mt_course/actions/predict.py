"""What `minitorch predict` does: load a run's folder and predict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeVar

import click
import numpy as np

from minitorch.data import Digits
from minitorch.data.drawing import read_drawing
from mt_course.actions.learners import make_learner
from mt_course.projects.mnist import read
from mt_course.projects.options import PointsOptions, SentimentOptions
from mt_course.projects.points import EVEN, Points
from mt_course.projects.sentiment import judge, new_model
from mt_course.report import percent
from mt_course.run_folder import read_config, read_vocabulary, read_weights
from mt_nn.data import Vocabulary, tokenize
from mt_nn.models import LeNet
from mt_tensor import BackendError, Tensor, tensor

Options = TypeVar("Options", PointsOptions, SentimentOptions)
LETTERS = 200
"""A longer message is cut: that of weights of another network names them all."""
SPECIAL = 2
"""The first words of a vocabulary are the padding and the unknown word."""

Weights = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: where, what it was told, what it learned."""

    folder: Path
    config: dict[str, Any]
    weights: Weights


def predict(folder: Path, inputs: Sequence[str]) -> None:
    """Print a line for each input.

    Raises:
        click.UsageError: the folder holds no run, or an input is not what its project takes.
    """
    try:
        run = Run(folder, read_config(folder), read_weights(folder))
        for line in PROJECTS.get(run.config["project"], _points)(run, inputs):
            click.echo(line)
    except (KeyError, OSError, ValueError, BackendError) as error:
        raise click.UsageError(_reason(error), click.get_current_context()) from None


def _digits(run: Run, inputs: Sequence[str]) -> list[str]:
    home = _home(run.config)
    model = LeNet(**home)
    model.load_state(_placed(run.weights, home))
    images = np.stack([read_drawing(Path(name)) for name in inputs])
    found = read(model, Digits(images, np.zeros(len(images), np.uint8)))
    rows = zip(inputs, found.predicted, found.probabilities, strict=True)
    return [f"{name}: {digit} ({percent(row[digit])})" for name, digit, row in rows]


def _sentences(run: Run, inputs: Sequence[str]) -> list[str]:
    empty = [text for text in inputs if not tokenize(text)]
    if empty:
        message = f"{empty[0]!r} is no sentence: there is no word in it"
        raise ValueError(message)
    vocabulary = Vocabulary(read_vocabulary(run.folder)[SPECIAL:])
    model = new_model(len(vocabulary), told(SentimentOptions, run.config))
    model.load_state(_placed(run.weights, _home(run.config)))
    found = judge(model, vocabulary, inputs)
    return [_judgement(*pair, vocabulary) for pair in zip(inputs, found, strict=True)]


def _judgement(text: str, probability: float, vocabulary: Vocabulary) -> str:
    side = "for" if probability > EVEN else "against"
    share = probability if probability > EVEN else 1.0 - probability
    new = [word for word in dict.fromkeys(tokenize(text)) if word not in vocabulary]
    unknown = f"; words that it does not know: {', '.join(new)}" if new else ""
    return f"{text}: {side} the film ({percent(share)}){unknown}"


def _points(run: Run, inputs: Sequence[str]) -> list[str]:
    learner = make_learner(run.config["project"], told(PointsOptions, run.config), run.config)
    learner.load(run.weights)
    rows = zip(inputs, learner.probabilities(_read_points(inputs)), strict=True)
    return [f"{name}: label {int(p > EVEN)} (probability of 1: {percent(p)})" for name, p in rows]


def told(options: type[Options], config: Mapping[str, Any]) -> Options:
    """Return the options of a run, of what its configuration holds.

    Raises:
        ValueError: an option has a value of another type than its default.
    """
    known = fields(options)
    chosen = {field.name: config[field.name] for field in known if field.name in config}
    for field in known:
        value = chosen.get(field.name, field.default)
        if field.default is not None and type(value) is not type(field.default):
            message = (
                f"{field.name} is {value!r} in config.json; it should be like {field.default!r}"
            )
            raise ValueError(message)
    return options(**chosen)


def _home(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the parameters of a run live."""
    return {"backend": config["backend"], "dtype": config["dtype"]}


def _placed(weights: Weights, home: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: tensor(array, **home) for name, array in weights.items()}


def _read_points(inputs: Sequence[str]) -> Points:
    points = []
    for text in inputs:
        try:
            x, y = (finite_number(part) for part in text.split(","))
        except ValueError:
            message = f"{text!r} is no point; two numbers with a comma are, such as 0.2,0.7"
            raise ValueError(message) from None
        points.append((x, y))
    return points


def finite_number(text: str) -> float:
    """Read a number.

    Raises:
        ValueError: it is none, or not a finite one.
    """
    number = float(text)
    if not math.isfinite(number):
        message = f"{text} is not a finite number"
        raise ValueError(message)
    return number


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"config.json has no {error.args[0]!r}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read {error.filename}: {error.strerror}."
    return shorten(str(error), LETTERS)


PROJECTS = {"mnist": _digits, "sentiment": _sentences}
