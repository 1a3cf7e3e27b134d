"""`minitorch train mnist`: what it leaves, what it refuses, and how it stops."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from minitorch.data import load_digits
from mt_course.cli import main
from mt_course.projects import mnist as project
from mt_course.projects.options import MnistOptions
from mt_course.run_folder import read_weights
from mt_nn.models import LeNet

FILES = ["config.json", "history.csv", "picture.png", "weights.safetensors"]
SHORT = ["--batch-size", "20", "--max-steps", "3"]
COMMAND = [sys.executable, "-m", "mt_course", "train", "mnist"]


def run(capsys, *arguments):
    """Run the command in this process; return its exit code, standard output and error."""
    with pytest.raises(SystemExit) as exit_:
        main(["train", "mnist", *map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


def rows(folder):
    with (folder / "history.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """Train for three steps in a process of its own, as a user does."""
    folder = tmp_path_factory.mktemp("runs") / "deep" / "mnist"
    command = [*COMMAND, *SHORT, "--out", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def test_a_run_ends_in_a_table_that_says_where_the_files_are(short_run):
    folder, output = short_run
    assert "test loss" in output
    assert "backend   fast: " in output
    assert str(folder / "picture.png") in output.replace("\n", "").replace(" " * 12, "")


def test_progress_without_a_terminal_is_plain_lines(short_run):
    _, output = short_run
    assert "epoch 1" in output
    assert "\x1b" not in output


def test_a_run_leaves_its_files_and_no_others(short_run):
    folder, _ = short_run
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert imread(folder / "picture.png").shape == (912, 1620, 4)


def test_the_configuration_holds_every_option(short_run):
    config = json.loads((short_run[0] / "config.json").read_text())
    versions = config.pop("versions")
    assert config == {
        "project": "mnist",
        "epochs": 10,
        "lr": 0.1,
        "momentum": 0.9,
        "batch_size": 20,
        "seed": 0,
        "backend": "fast",
        "max_steps": 3,
        "digits": "shipped",
        "dtype": "float32",
    }
    assert versions["mt-course"]


def test_the_weights_are_the_models_and_give_the_reported_accuracy(short_run):
    folder, _ = short_run
    model, weights = LeNet(dtype="float32", backend="fast"), read_weights(folder)
    assert {name: a.shape for name, a in weights.items()} == {
        name: value.shape for name, value in model.state().items()
    }
    for name, parameter in model.named_parameters():
        parameter.value.detach().numpy()[...] = weights[name]
    _, test = load_digits().split(project.TEST_SIZE)
    accuracy = 1 - project.read(model, test).wrong.mean()
    assert float(rows(folder)[-1]["test_accuracy"]) == pytest.approx(accuracy, abs=1e-9)


def test_the_same_seed_gives_the_same_numbers_in_another_process(short_run, tmp_path, capsys):
    folder, _ = short_run
    assert run(capsys, *SHORT, "--out", tmp_path)[0] == 0
    assert rows(tmp_path) == rows(folder)
    first, again = read_weights(folder), read_weights(tmp_path)
    for name, array in first.items():
        np.testing.assert_array_equal(again[name], array, strict=True)


def test_another_seed_gives_other_numbers(short_run, tmp_path, capsys):
    assert run(capsys, *SHORT, "--seed", 1, "--out", tmp_path)[0] == 0
    assert rows(tmp_path)[0]["train_loss"] != rows(short_run[0])[0]["train_loss"]


def test_a_few_epochs_learn_to_read(tmp_path, capsys):
    code, _, errors = run(capsys, "--epochs", 3, "--out", tmp_path)
    assert (code, errors) == (0, "")
    losses = [float(row["train_loss"]) for row in rows(tmp_path)]
    assert losses == sorted(losses, reverse=True)
    assert float(rows(tmp_path)[-1]["test_accuracy"]) > 0.93


def test_all_digits_are_those_that_can_be_had(monkeypatch):
    train, test = load_digits().split(9900)
    whole = replace(train, source=replace(train.source, name="MNIST, whole")), test
    monkeypatch.setattr(project, "load_mnist", lambda: whole)
    done = project.train_mnist(MnistOptions(digits="all", max_steps=2, batch_size=8))
    assert len(done.test) == 9900
    assert done.source.name == "MNIST, whole"


def test_numbers_have_the_type_that_was_asked_for():
    done = project.train_mnist(MnistOptions(dtype="float64", max_steps=1, batch_size=8))
    assert {str(t.dtype) for t in done.model.state().values()} == {"float64"}
    assert done.test.probabilities.dtype == np.float64


def test_a_run_says_which_digits_it_read(short_run):
    assert f"digits    {load_digits().source.name}" in short_run[1]


def test_the_rate_falls_on_a_line(monkeypatch):
    rates = []

    class Watch(project.LinearDecay):
        def on_step_end(self, trainer):
            super().on_step_end(trainer)
            rates.append(trainer.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(project, "LinearDecay", Watch)
    project.train_mnist(MnistOptions(lr=0.08, max_steps=4, batch_size=8))
    assert rates == pytest.approx([0.06, 0.04, 0.02, 0.0])


def test_a_loss_that_diverges_keeps_what_there_is_and_fails_with_one_line(tmp_path, capsys):
    code, output, errors = run(capsys, "--lr", "1e30", "--max-steps", 9, "--out", tmp_path)
    assert code == 1
    assert errors.startswith("minitorch train mnist: the loss is ")
    assert errors.count("\n") == 1
    assert "total" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--epochs", "many", "'many' is not a valid integer"),
        ("--epochs", "0", "0 is not in the range x>=1"),
        ("--epochs", "2.5", "'2.5' is not a valid integer"),
        ("--lr", "-0.1", "-0.1 is not in the range x>0"),
        ("--lr", "nan", "nan is not a finite number"),
        ("--lr", "inf", "inf is not a finite number"),
        ("--momentum", "1", "1.0 is not in the range 0<=x<1"),
        ("--batch-size", "8001", "8001 is not in the range 1<=x<=8000"),
        ("--seed", "-1", "-1 is not in the range x>=0"),
        ("--digits", "few", "'few' is not one of 'shipped', 'all'"),
        ("--max-steps", "0", "0 is not in the range x>=1"),
        ("--backend", "abacus", "no backend 'abacus'; installed: "),
        ("--no-such-option", "1", "No such option '--no-such-option'"),
    ],
)
def test_a_bad_value_gets_one_line_that_names_the_option(capsys, tmp_path, option, value, reason):
    code, output, errors = run(capsys, "--out", tmp_path / "run", option, value)
    assert (code, output) == (2, "")
    assert errors.startswith("minitorch train mnist: ")
    assert option in errors
    assert reason in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists(), "a refused command leaves no folder"


@pytest.mark.parametrize("below", ["", "below"])
def test_a_folder_that_cannot_be_written_gets_one_line(capsys, tmp_path, below):
    taken = tmp_path / "file"
    taken.write_text("keep me")
    code, output, errors = run(capsys, "--out", taken / below)
    assert (code, output) == (2, "")
    assert f"'--out': cannot write to {taken / below}: " in errors
    assert errors.count("\n") == 1
    assert taken.read_text() == "keep me"


def test_help_explains_each_option_with_its_default_and_examples(capsys):
    code, output, _ = run(capsys, "--help")
    assert code == 0
    explained = " ".join(output.split())
    for default in ("10", "0.1", "0.9", "50", "0", "fast", "no limit", "runs/mnist"):
        assert f"[default: {default}" in explained
    assert "minitorch train mnist --epochs 3 --lr 0.05 --seed 1" in explained


@pytest.mark.parametrize("arguments", [[], ["train"]])
def test_a_bare_command_lists_what_there_is(capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    assert ("mnist" if arguments else "train") in capsys.readouterr().out


def test_an_interruption_before_training_has_its_exit_code(capsys, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("mt_course.actions.train_mnist.train_mnist", interrupted)
    code, _, errors = run(capsys, "--out", tmp_path)
    assert code == 130
    assert "Traceback" not in errors


def test_ctrl_c_keeps_what_there_is(tmp_path):
    command = [*COMMAND, "--epochs", "500", "--out", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        for line in p.stdout:
            if line.startswith("epoch 1 "):
                break
        os.kill(p.pid, signal.SIGINT)
        output, errors = p.communicate(timeout=240)
    assert p.returncode == 130
    assert errors.strip().startswith("Ctrl-C: the run ends after this step")
    assert errors.count("\n") == 2
    assert "interrupted after" in output
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == FILES
    kept = rows(tmp_path)
    assert 1 <= len(kept) < 500
    assert all(0 <= float(row["test_accuracy"]) <= 1 for row in kept)
