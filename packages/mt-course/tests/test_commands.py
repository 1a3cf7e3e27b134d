"""`minitorch predict`, `compare`, `doctor` and `parallel-check`, and drawings of digits."""

import json
import re
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from matplotlib.image import imsave

import mt_tensor
from minitorch.data import load_digits
from minitorch.data.drawing import as_digit, read_drawing
from mt_course.actions import compare
from mt_course.cli import main
from mt_course.projects.mnist import TEST_SIZE, read, train_mnist
from mt_course.projects.options import MnistOptions
from mt_course.run_folder import write_config, write_weights
from mt_fast.kernels.intrinsics.instruction import INTERPRETED


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, arguments)])
    return exit_.value.code, *capsys.readouterr()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train LeNet for two epochs, and keep it as the command does."""
    folder = tmp_path_factory.mktemp("mnist")
    done = train_mnist(MnistOptions(epochs=2))
    weights = {name: t.detach().numpy() for name, t in done.model.state().items()}
    write_weights(folder, weights)
    write_config(folder, {"project": "mnist", "backend": "fast", "dtype": "float32"})
    return folder, done.model


def drawn(path, digit, size=280):
    """Draw a digit of MNIST large, dark on light and off the middle, as a user's PNG."""
    large = np.kron(digit, np.ones((size // 28, size // 28)))
    canvas = np.full((size + 60, size + 40), 255.0)
    canvas[50 : 50 + size, 5 : 5 + size] -= large
    imsave(path, canvas, cmap="gray", vmin=0, vmax=255)


@pytest.mark.parametrize("invert", [False, True])
def test_a_drawing_becomes_the_digit_that_it_was_drawn_from(tmp_path, invert):
    digits = load_digits().split(TEST_SIZE)[1].take(slice(20))
    for i, digit in enumerate(digits.images):
        drawn(tmp_path / f"{i}.png", digit)
        found = read_drawing(tmp_path / f"{i}.png")
        if invert:
            found = as_digit(255.0 - np.kron(255 - digit.astype(float), np.ones((5, 5))))
        match = np.corrcoef(found.reshape(-1), digit.reshape(-1))[0, 1]
        assert (found.shape, found.dtype) == ((28, 28), np.uint8)
        assert match > 0.75
        assert found.max() >= 150


def test_a_drawing_is_twenty_pixels_tall_and_centred_by_its_mass():
    ink = np.zeros((100, 60))
    ink[10:90, 5:25] = 1.0
    found = as_digit(ink).astype(float)
    rows, columns = np.nonzero(found.any(axis=1))[0], np.nonzero(found.any(axis=0))[0]
    assert (len(rows), len(columns)) == (20, 5)
    center = (found.sum(axis=1) * np.arange(28)).sum() / found.sum()
    assert center == pytest.approx(14, abs=0.6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_drawing_is_refused(value):
    with pytest.raises(ValueError, match="the picture: nothing is drawn in it"):
        as_digit(np.full((9, 9), value))


def test_drawn_digits_are_read(trained, tmp_path, capsys):
    folder, model = trained
    digits = load_digits().split(TEST_SIZE)[1].take(slice(20))
    paths = [tmp_path / f"{i}.png" for i in range(20)]
    for path, digit in zip(paths, digits.images, strict=True):
        drawn(path, digit)
    code, output, _ = run(capsys, "predict", folder, *paths)
    lines = output.splitlines()
    assert code == 0
    assert [line.split(":")[0] for line in lines] == [str(path) for path in paths]
    found = [int(re.search(r": (\d) \(\d+\.\d %\)$", line)[1]) for line in lines]
    assert np.mean(found == digits.labels) >= 0.7
    assert (read(model, digits).predicted == digits.labels).mean() >= 0.8


def test_points_are_predicted_by_what_a_run_left(tmp_path, capsys):
    arguments = ["--dataset", "simple", "--w1=-10", "--w2", 0, "--bias", 5, "--out", tmp_path]
    assert run(capsys, "train", "manual", *arguments)[0] == 0
    code, output, _ = run(capsys, "predict", tmp_path, "0.2,0.7", "0.9,0.1")
    assert code == 0
    assert output.splitlines() == [
        f"0.2,0.7: label 1 (probability of 1: {100 / (1 + np.exp(-3)):.1f} %)",
        f"0.9,0.1: label 0 (probability of 1: {100 / (1 + np.exp(4)):.1f} %)",
    ]


@pytest.mark.parametrize("project", ["scalar", "tensor", "fast"])
def test_a_trained_network_predicts_its_own_points(project, tmp_path, capsys):
    more = [] if project == "scalar" else ["--backend", "fast"]
    options = ["--points", 9, "--hidden", 3, "--epochs", 2, *more, "--out", tmp_path]
    assert run(capsys, "train", project, *options)[0] == 0
    code, output, errors = run(capsys, "predict", tmp_path, "0.5,0.5")
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"0\.5,0\.5: label [01] \(probability of 1: \d+\.\d %\)\n", output)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (["0.2"], "'0.2' is no point; two numbers with a comma are"),
        (["a,b"], "'a,b' is no point"),
        (["1,2,3"], "'1,2,3' is no point"),
        (["nan,1"], "'nan,1' is no point"),
        (["1,inf"], "'1,inf' is no point"),
    ],
)
def test_what_is_no_point_gets_one_line(inputs, reason, tmp_path, capsys):
    run(capsys, "train", "manual", "--out", tmp_path)
    code, output, errors = run(capsys, "predict", tmp_path, *inputs)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert reason in errors


def test_a_folder_that_holds_no_run_gets_one_line(tmp_path, capsys):
    code, _, errors = run(capsys, "predict", tmp_path, "1,2")
    assert code == 2
    assert errors == (
        f"minitorch predict: cannot read {tmp_path / 'config.json'}: No such file or directory.\n"
    )


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, "names no project"),
        ({"project": ["fast"]}, "names no project"),
        ({"project": "chess"}, "there is no project 'chess'"),
        ({"project": "manual"}, "config.json has no 'w1'"),
        ({"project": "mnist"}, "config.json has no 'backend'"),
        ({"project": "fast", "backend": "abacus"}, "no backend 'abacus'"),
        (
            {"project": "scalar", "hidden": "many"},
            "hidden is 'many' in config.json; it should be like 10",
        ),
    ],
)
def test_a_configuration_that_is_none_gets_one_line(config, reason, tmp_path, capsys):
    write_weights(tmp_path, {"w": np.zeros(1)})
    (tmp_path / "config.json").write_text(json.dumps(config))
    code, _, errors = run(capsys, "predict", tmp_path, "1,2")
    assert (code, errors.count("\n")) == (2, 1)
    assert reason in errors


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.json", "{", "config.json is no JSON: Expecting property name"),
        ("weights.safetensors", "garbage", "weights.safetensors is damaged: "),
    ],
)
def test_a_damaged_file_gets_one_line(name, content, reason, tmp_path, capsys):
    run(capsys, "train", "manual", "--out", tmp_path)
    (tmp_path / name).write_text(content)
    code, output, errors = run(capsys, "predict", tmp_path, "1,2")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert reason in errors


def test_a_file_that_is_no_picture_gets_one_line(trained, tmp_path, capsys):
    (tmp_path / "digit.png").write_text("no picture")
    code, _, errors = run(capsys, "predict", trained[0], tmp_path / "digit.png")
    assert (code, errors.count("\n")) == (2, 1)
    assert "digit.png is no PNG" in errors


def test_backends_are_compared_side_by_side(capsys):
    code, output, _ = run(capsys, "compare", "tensor", "--epochs", 2)
    rows = [line.split() for line in output.splitlines() if line.strip()]
    assert code == 0
    assert [row[0] for row in rows if row[0] in ("simple", "fast")] == ["simple", "fast"]
    (simple,) = (row for row in rows if row[0] == "simple")
    (fast,) = (row for row in rows if row[0] == "fast")
    assert simple[5:7] == ["1.00", "x"]
    assert float(fast[5].replace(",", "")) > 1, "compiled kernels are faster than loops in Python"
    assert simple[7:] == fast[7:], "both reach the same accuracy"


def test_all_projects_are_compared(capsys, monkeypatch):
    monkeypatch.setattr(
        "mt_course.actions.compare.MnistOptions", lambda **told: MnistOptions(max_steps=3, **told)
    )
    code, output, _ = run(capsys, "compare", "all", "--epochs", 2)
    assert code == 0
    rows = re.findall(
        r"^  (\S.*?)  +[\d.]+ m?s +[\d.]+ m?s +[\d.,]+ x +\S+ %", output, re.MULTILINE
    )
    names = ["scalar", "tensor --backend simple", "tensor --backend fast", "fast", "mnist"]
    assert [row for row in rows if row != "torch"] == names


@pytest.mark.parametrize(
    ("seconds", "ratio", "expected"),
    [(2.5, 1.0, ("2.50 s", "1.00 x")), (0.00123, 1234.5, ("1.23 ms", "1,234 x"))],
)
def test_times_and_ratios_are_short(seconds, ratio, expected):
    assert (compare._duration(seconds), compare._ratio(ratio)) == expected  # noqa: SLF001


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["chess"], "'chess' is not one of 'tensor', 'fast', 'mnist', 'all'"),
        (["fast", "--backends", "simple,abacus"], "no backend 'abacus'"),
        (["fast", "--epochs", "1"], "1 is not in the range x>=2"),
    ],
)
def test_a_comparison_that_cannot_be_gets_one_line(arguments, reason, capsys):
    code, output, errors = run(capsys, "compare", *arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert reason in errors


def test_the_doctor_names_every_backend_and_version(capsys):
    code, output, _ = run(capsys, "doctor")
    words = output.split()
    assert code == 0
    for name in mt_tensor.backends():
        assert name in words
    assert np.__version__ in words
    assert "mt-course" in words


def test_the_doctor_says_what_to_install(capsys, monkeypatch):
    def version(name):
        if name in {"torch", "mt-cuda"}:
            raise PackageNotFoundError(name)
        return "1.2.3"

    monkeypatch.setattr("mt_course.actions.doctor.version", version)
    monkeypatch.setenv("MT_DATA", "/somewhere")
    _, output, _ = run(capsys, "doctor")
    said = " ".join(output.split())
    assert "torch not installed python -m pip install torch, for train torch" in said
    assert "mt-cuda not installed python -m pip install mt-cuda" in said
    assert "numba 1.2.3" in said
    assert "data cache /somewhere" in said


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")
def test_numba_s_diagnostics_of_four_kernels_are_shown(capsys):
    code, output, _ = run(capsys, "parallel-check")
    assert code == 0
    for name in ("MAP", "ZIP", "REDUCE", "MATRIX MULTIPLY"):
        assert f"{name}\n" in output
    assert output.count("Parallel loop listing") == 4
