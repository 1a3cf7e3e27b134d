"""`minitorch train manual`, `scalar`, `tensor` and `fast`: what they learn, leave and refuse."""

import csv
import json
from itertools import chain

import numpy as np
import pytest
from matplotlib.image import imread

from mt_course.cli import main
from mt_course.projects.fast import FastLearner
from mt_course.projects.manual import Line, ManualLearner
from mt_course.projects.options import PointsOptions
from mt_course.projects.points import train_points
from mt_course.projects.scalar import ScalarLearner
from mt_course.projects.tensor import TensorLearner
from mt_course.run_folder import read_weights
from mt_nn import Epoch
from mt_operators import DATASETS

FILES = ["config.json", "history.csv", "picture.png", "weights.safetensors"]
LEARNERS = {"scalar": ScalarLearner, "tensor": TensorLearner, "fast": FastLearner}
BACKENDS = {"scalar": "simple", "tensor": "fast", "fast": "fast"}


class Silence:
    """Watches without a word, and may press Ctrl-C after some epochs."""

    def __init__(self):
        self.seen = []

    def start(self, epochs):
        self.seen.append(epochs)

    def epoch(self, epoch):
        assert isinstance(epoch, Epoch)
        self.seen.append(epoch.number)

    def stop(self):
        self.seen.append("stop")


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        main(["train", *map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


def rows(folder):
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("project", LEARNERS)
def test_a_run_leaves_its_files_and_a_table(project, capsys, tmp_path):
    options = ["--points", 12, "--hidden", 3, "--epochs", 4, "--out", tmp_path]
    if project != "scalar":
        options += ["--backend", "fast"]
    code, output, errors = run(capsys, project, *options)
    assert (code, errors) == (0, "")
    assert "total" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert imread(tmp_path / "picture.png").ndim == 3
    assert [row["epoch"] for row in rows(tmp_path)] == ["1", "2", "3", "4"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["project"], config["points"], config["hidden"]) == (project, 12, 3)


@pytest.mark.parametrize("project", LEARNERS)
def test_the_same_options_give_the_same_losses_and_another_seed_others(project):
    def losses(seed):
        told = PointsOptions(
            points=10, hidden=3, epochs=3, batch_size=4, seed=seed, backend=BACKENDS[project]
        )
        run = train_points(LEARNERS[project](told), told, Silence())
        return [epoch.train.loss for epoch in run.epochs]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


@pytest.mark.parametrize("project", LEARNERS)
def test_weights_that_are_loaded_give_the_same_probabilities(project):
    told = PointsOptions(points=8, hidden=3, epochs=2, backend=BACKENDS[project])
    trained = train_points(LEARNERS[project](told), told, Silence()).learner
    fresh = LEARNERS[project](PointsOptions(hidden=3, seed=9, backend=BACKENDS[project]))
    points = told.data().points
    assert fresh.probabilities(points) != trained.probabilities(points)
    fresh.load({name: np.array(a) for name, a in trained.weights().items()})
    assert fresh.probabilities(points) == trained.probabilities(points)


@pytest.mark.parametrize("dataset", DATASETS)
def test_fast_solves_each_task(dataset):
    told = PointsOptions(
        dataset=dataset, hidden=50, lr=0.01, epochs=500, batch_size=10, backend="fast"
    )
    assert train_points(FastLearner(told), told, Silence()).right() >= 48


def test_scalars_solve_a_line():
    told = PointsOptions(dataset="Simple", points=20, hidden=4, epochs=100)
    assert train_points(ScalarLearner(told), told, Silence()).right() >= 19


def test_scalars_solve_xor_with_the_course_s_options():
    told = PointsOptions(dataset="Xor", points=50, hidden=10, lr=0.5, seed=3)
    learner, data = ScalarLearner(told), told.data()
    accuracies = (learner.learn(data.points, data.labels).accuracy for _ in range(300))
    assert next((accuracy for accuracy in accuracies if accuracy == 1.0), None), "not all right"


def test_a_broadcast_layer_is_a_matrix_product():
    told = PointsOptions(hidden=3, backend="fast")
    learner = TensorLearner(told)
    weights = learner.weights()
    points = np.array(told.data().points)
    h = np.maximum(points @ weights["first.weight"] + weights["first.bias"], 0)
    h = np.maximum(h @ weights["second.weight"] + weights["second.bias"], 0)
    z = (h @ weights["last.weight"] + weights["last.bias"])[:, 0]
    np.testing.assert_allclose(learner.probabilities(told.data().points), 1 / (1 + np.exp(-z)))


@pytest.mark.parametrize(("project", "dtype"), [("tensor", "float32"), ("fast", "float64")])
def test_numbers_have_the_type_that_was_asked_for(project, dtype):
    told = PointsOptions(hidden=3, backend="fast", dtype=dtype)
    assert {str(a.dtype) for a in LEARNERS[project](told).weights().values()} == {dtype}


def test_a_line_scores_what_it_separates():
    learner = ManualLearner(Line(-10.0, 0.0, 5.0))
    data = DATASETS["Simple"](40)
    before = learner.weights()
    score = learner.learn(data.points, data.labels)
    assert score.accuracy == 1.0
    z = 5 - 10 * np.array(data.points)[:, 0]
    expected = np.mean(np.log1p(np.exp(z)) - np.array(data.labels) * z)
    assert score.loss == pytest.approx(expected)
    assert learner.weights() == before, "it learns nothing"


def test_a_line_from_the_command_line(capsys, tmp_path):
    arguments = ["--dataset", "simple", "--w1=-10", "--w2", 0, "--bias", 5, "--out", tmp_path]
    code, output, _ = run(capsys, "manual", *arguments)
    assert code == 0
    assert "50 of 50 points right" in output
    assert {k: v.item() for k, v in read_weights(tmp_path).items()} == {
        "w1": -10.0,
        "w2": 0.0,
        "bias": 5.0,
    }


def test_a_batch_size_parts_the_points_and_keeps_each_once():
    seen = []

    class Recorder(ManualLearner):
        def learn(self, points, labels):
            seen.append(list(zip(points, labels, strict=True)))
            return super().learn(points, labels)

    told = PointsOptions(points=10, epochs=2, batch_size=4)
    train_points(Recorder(Line(1.0, 1.0, -1.0)), told, Silence())
    data = told.data()
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    whole = sorted(zip(data.points, data.labels, strict=True))
    assert sorted(chain(*seen[:3])) == sorted(chain(*seen[3:])) == whole
    assert seen[:3] != seen[3:], "each epoch has its own order"


def test_the_watcher_hears_everything_and_ctrl_c_ends_after_an_epoch(monkeypatch):
    class Pressed:
        requested = False

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    pressed = Pressed()
    monkeypatch.setattr("mt_course.projects.points.Interrupt", lambda: pressed)

    class Presser(Silence):
        def epoch(self, epoch):
            super().epoch(epoch)
            pressed.requested = epoch.number == 2

    watcher = Presser()
    done = train_points(
        ManualLearner(Line(1.0, 1.0, -1.0)), PointsOptions(points=5, epochs=9), watcher
    )
    assert watcher.seen == [9, 1, 2, "stop"]
    assert (len(done.epochs), done.interrupted) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("scalar --dataset Moon", "'Moon' is not one of"),
        ("scalar --points 0", "0 is not in the range x>=1"),
        ("tensor --hidden wide", "'wide' is not a valid integer"),
        ("tensor --backend abacus", "no backend 'abacus'"),
        ("fast --dtype int8", "'int8' is not one of 'float64', 'float32'"),
        ("fast --batch-size 0", "0 is not in the range x>=1"),
        ("manual --bias nan", "nan is not a finite number"),
    ],
)
def test_a_bad_value_gets_one_line(capsys, tmp_path, arguments, reason):
    project, option, value = arguments.split()
    code, output, errors = run(capsys, project, "--out", tmp_path / "run", option, value)
    assert (code, output) == (2, "")
    assert errors.startswith(f"minitorch train {project}: ")
    assert reason in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_unknown_project_gets_one_line(capsys):
    code, _, errors = run(capsys, "telepathy")
    assert code == 2
    assert errors == "minitorch train: No such command 'telepathy'.\n"
