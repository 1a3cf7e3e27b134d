"""The folder that a training run leaves: what it was told, how it went, what it learned.

| file | holds |
| --- | --- |
| `config.json` | every option of the run, and the versions that it ran with |
| `history.csv` | one row for each epoch |
| `weights.safetensors` | the parameters, by their dotted names |
| `picture.png` | the curves, and predictions of test samples |
| `vocabulary.txt` | of a run on sentences: its words, one a line, in the order of their numbers |

Each file is written whole or not at all, so that an interruption leaves the previous one.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mt_nn import Epoch
from mt_nn.checkpoint.files import write_whole

PACKAGES = ("mt-course", "mt-nn", "mt-tensor", "numpy")


def write_config(folder: Path, options: Mapping[str, Any]) -> None:
    """Write the options of a run, with the versions of Python and the packages."""
    versions = {"python": python_version()} | {name: version(name) for name in PACKAGES}
    config = {**options, "versions": versions}
    write_whole(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())


def write_history(folder: Path, epochs: Iterable[Epoch], held: str = "test") -> None:
    """Write one row for each epoch, numbers in full precision, nothing where none was measured.

    Args:
        folder: where.
        epochs: in order.
        held: the name of the samples that are scored after each epoch.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    scores = (f"{part}_{what}" for part in ("train", held) for what in ("loss", "accuracy"))
    writer.writerow(("epoch", *scores, "seconds"))
    for epoch in epochs:
        test = (epoch.test.loss, epoch.test.accuracy) if epoch.test else (None, None)
        train = (epoch.train.loss, epoch.train.accuracy)
        writer.writerow((epoch.number, *train, *test, epoch.seconds))
    write_whole(folder / "history.csv", text.getvalue().encode())


def write_weights(folder: Path, weights: Mapping[str, ArrayLike]) -> None:
    """Write named arrays in the safetensors format.

    The format keeps no strides, so each array is made contiguous first.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    write_whole(folder / "weights.safetensors", save(arrays))


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Read the arrays that `write_weights` wrote.

    Raises:
        OSError: the folder holds no weights.
        ValueError: the file is damaged.
    """
    path = folder / "weights.safetensors"
    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        message = f"{path} is damaged: {error}"
        raise ValueError(message) from None


def write_vocabulary(folder: Path, words: Iterable[str]) -> None:
    """Write words, one a line."""
    write_whole(folder / "vocabulary.txt", "".join(f"{word}\n" for word in words).encode())


def read_vocabulary(folder: Path) -> list[str]:
    """Read the words that `write_vocabulary` wrote.

    Raises:
        OSError: the folder holds none.
    """
    return (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]


def read_config(folder: Path) -> dict[str, Any]:
    """Read what `write_config` wrote.

    Raises:
        OSError: the folder holds no configuration.
        ValueError: it is no JSON object with a project.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        message = f"{path} is no JSON: {error}"
        raise ValueError(message) from None
    if not isinstance(config, dict) or not isinstance(config.get("project"), str):
        message = f"{path} names no project"
        raise ValueError(message)  # noqa: TRY004  the file is wrong, not the call
    return config
