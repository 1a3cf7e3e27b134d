"""The network of a project on labelled points, by the project's name."""

from collections.abc import Callable, Mapping
from importlib import import_module

from mt_course.actions.checks import CommandError
from mt_course.projects.fast import FastLearner
from mt_course.projects.manual import Line, ManualLearner
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import Learner
from mt_course.projects.scalar import ScalarLearner
from mt_course.projects.tensor import TensorLearner

TORCH_HINT = "PyTorch is not installed; python -m pip install torch installs it."


def make_learner(project: str, told: PointsOptions, line: Mapping[str, float]) -> Learner:
    """Make an untrained network.

    Args:
        project: its name.
        told: width, rate, seed, backend and dtype.
        line: what `manual` is told instead: `w1`, `w2` and `bias`.

    Raises:
        ValueError: there is no such project.
        CommandError: it needs PyTorch, which is not installed.
    """
    if project == "manual":
        return ManualLearner(Line(line["w1"], line["w2"], line["bias"]))
    if project not in MAKERS:
        message = f"there is no project {project!r}"
        raise ValueError(message)
    return MAKERS[project](told)


def _torch(told: PointsOptions) -> Learner:
    try:
        project = import_module("mt_course.projects.torch")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise CommandError(TORCH_HINT) from None
    learner: Learner = project.TorchLearner(told)
    return learner


MAKERS: dict[str, Callable[[PointsOptions], Learner]] = {
    "scalar": ScalarLearner,
    "tensor": TensorLearner,
    "fast": FastLearner,
    "torch": _torch,
}
