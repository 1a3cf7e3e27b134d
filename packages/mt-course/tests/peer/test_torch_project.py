"""`minitorch train torch` beside `minitorch train fast`: the same network, the same losses."""

import json
import re

import numpy as np
import pytest

from mt_course.actions.compare import Silence
from mt_course.cli import main
from mt_course.projects.fast import FastLearner
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import train_points

pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

from mt_course.projects.torch import TorchLearner


def losses(learner, told):
    return [epoch.train.loss for epoch in train_points(learner(told), told, Silence()).epochs]


@pytest.mark.parametrize("dataset", ["Xor", "Spiral"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_losses_are_those_of_fast(dataset, batch_size):
    told = PointsOptions(
        dataset=dataset, hidden=8, lr=0.01, epochs=20, batch_size=batch_size, backend="fast"
    )
    np.testing.assert_allclose(losses(TorchLearner, told), losses(FastLearner, told), rtol=1e-9)


def test_single_precision_is_asked_for():
    weights = TorchLearner(PointsOptions(dtype="float32", backend="fast")).weights()
    assert {str(array.dtype) for array in weights.values()} == {"float32"}


def test_weights_come_back_and_give_the_same_probabilities():
    told = PointsOptions(points=8, hidden=3, epochs=2, backend="fast")
    trained = train_points(TorchLearner(told), told, Silence()).learner
    fresh = TorchLearner(PointsOptions(hidden=3, seed=9, backend="fast"))
    points = told.data().points
    assert fresh.probabilities(points) != trained.probabilities(points)
    fresh.load({name: np.array(a) for name, a in trained.weights().items()})
    assert fresh.probabilities(points) == trained.probabilities(points)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


def test_the_command_trains_leaves_its_files_and_predicts(tmp_path, capsys):
    options = ["--points", 12, "--hidden", 3, "--epochs", 4, "--out", tmp_path]
    assert run(capsys, "train", "torch", *options)[0] == 0
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["project"], config["backend"]) == ("torch", "torch")
    code, output, errors = run(capsys, "predict", tmp_path, "0.5,0.5")
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"0\.5,0\.5: label [01] \(probability of 1: \d+\.\d %\)\n", output)


def test_it_is_compared_as_if_it_were_a_backend(capsys):
    code, output, _ = run(capsys, "compare", "fast", "--backends", "fast,torch", "--epochs", 2)
    assert code == 0
    assert [line.split()[0] for line in output.splitlines() if " x " in line] == ["fast", "torch"]
