"""The check of a GPU, rehearsed: all of it but what only a GPU has."""

import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mt_cuda.backend import CudaBackend
from mt_tensor.registry import BackendStatus

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
FOLDER = BENCHMARKS / "gpu_check"


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: import_module(f"gpu_check.{name}")


@pytest.fixture
def session(module, backend):
    machine = module("machine").Rehearsal()
    machine.backend = backend
    return module("session").Session(machine, small=True, deadline=time.monotonic() + 600.0)


def rehearsed(out, *arguments):
    command = [sys.executable, str(FOLDER), "--rehearse", "--out", str(out), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_whole_of_it(tmp_path):
    run = rehearsed(tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    result = json.loads((tmp_path / "gpu-check.json").read_text())
    assert result["machine"]["device"] == "simulator"
    sections = result["sections"]
    order = ["correctness", "bandwidth", "products", "training", "sanitizer", "conformance"]
    assert list(sections) == order
    assert all(row["wrong"] == "" for rows in sections.values() for row in rows)
    checked = {row["name"].rpartition(",")[0] for row in sections["correctness"]}
    assert {"map: exp", "fold: add", "matmul 16", "conv2d", "log softmax", "gather"} <= checked
    assert {row["values"]["cuBLAS"] for row in sections["products"]} == {"absent: torch, cupy"}
    assert sections["bandwidth"][0]["name"] == "copy"
    assert all(row["values"]["of copy, %"] > 0.0 for row in sections["bandwidth"][1:])
    assert sections["training"]
    assert run.stdout.splitlines()[-1].endswith("gpu-check.json; nothing wrong")


def test_a_step_is_replayed(tmp_path):
    pytest.importorskip("mt_nn", reason="needs mt-nn")
    run = rehearsed(tmp_path, "--only", "training")
    assert run.returncode == 0, run.stdout + run.stderr
    sections = json.loads((tmp_path / "gpu-check.json").read_text())["sections"]
    (xor,) = (row["values"] for row in sections["training"] if row["name"].startswith("Xor"))
    assert xor["PyTorch"] == "absent: a rehearsal has no GPU"
    assert xor["replayed"] == 1
    assert "| Xor, hidden 4, batch 10 |" in run.stdout


def test_a_peer_that_fails_costs_only_its_figures(module, session, monkeypatch):
    monkeypatch.setitem(vars(session), "peers", SimpleNamespace(torch=object(), absent={}))
    training = module("training")
    values = training.peer(session, lambda _torch, *_data: 1 / 0, ())
    assert values == {"PyTorch": "ZeroDivisionError: division by zero"}


def test_without_mt_nn_the_steps_are_left_out(module, session, monkeypatch):
    monkeypatch.setitem(sys.modules, "mt_nn", None)
    monkeypatch.delitem(sys.modules, "gpu_check.ours", raising=False)
    (row,) = module("run").section(session, "training")
    assert row.wrong == ""
    assert row.values["left out"].startswith("mt-nn cannot be imported: ")


class Wrong(CudaBackend):
    """Multiplies wrongly, and finds no maximum."""

    def matmul(self, out, a, b):
        super().matmul(out, a, b)
        self.fill(out.narrow(0, 0, 1), 3.0)

    def max_pool2d(self, out, x, kernel, stride):
        message = "no maximum"
        raise ArithmeticError(message)


def test_a_wrong_product_ends_with_1(module, session, tmp_path, capsys):
    session.machine.backend = Wrong(session.backend.device)
    assert module("run").run(session, ["products"], tmp_path) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("5 wrong")
    rows = json.loads((tmp_path / "gpu-check.json").read_text())["sections"]["products"]
    assert all(row["wrong"].startswith("relative error") for row in rows)


def test_a_wrong_kernel_is_named(module, session):
    class Shifted(CudaBackend):
        def map(self, fn, out, a):
            super().map(fn, out, a)
            self.fill(out.restrided((1,), (1,)), 3.0)

    session.machine.backend = Shifted(session.backend.device)
    correctness = module("correctness")
    on = correctness.Runner(session.machine.backend, "float32", small=True)
    cases = [
        (name, module("correctness").difference(*pair))
        for name, *pair in correctness.elementwise(on)
    ]
    assert {name for name, found in cases if found > 1e-3} == {
        "map: exp",
        "map: tanh",
        "map: sigmoid",
    }


def test_a_section_that_fails_does_not_end_the_others(module, session, tmp_path, monkeypatch):
    correctness = module("correctness")
    for name in ("elementwise", "folds", "products", "convolutions"):
        monkeypatch.setattr(correctness, name, lambda _: ())
    session.machine.backend = Wrong(session.backend.device)
    assert module("run").run(session, ["correctness", "sanitizer"], tmp_path) == 1
    sections = json.loads((tmp_path / "gpu-check.json").read_text())["sections"]
    assert sections["correctness"][-1]["wrong"] == "ArithmeticError: no maximum"
    assert sections["sanitizer"][0]["values"] == {"left out": "a rehearsal has no GPU"}


def test_nothing_is_begun_when_the_time_is_over(module, session):
    session.deadline = time.monotonic() - 1.0
    rows = module("run").section(session, "products")
    assert [row.values.get("left out") for row in rows] == [None, "the time is over"]


def test_nan_and_another_shape_are_differences(module):
    difference = module("correctness").difference
    assert difference(np.array([1.0, np.nan]), np.array([1.0, 2.0])) == np.inf
    assert difference(np.ones(2), np.ones(3)) == np.inf
    assert difference(np.array([np.nan, 3.0]), np.array([np.nan, 2.0])) == 0.5


def test_without_a_device_it_says_what_to_do(module, monkeypatch, capsys):
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    report = BackendStatus(ready=False, detail="no NVIDIA driver", needs="another machine")
    monkeypatch.setattr("mt_cuda.status.status", lambda: report)
    assert module("command").main([]) == 2
    assert "no NVIDIA driver" in capsys.readouterr().out


def test_peers_that_fail_are_named(module, backend, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    peers = module("peers")
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.setattr(peers, "import_module", lambda _: 1 / 0)
    machine = type("Machine", (), {"backend": backend})()
    found = peers.Peers(machine)
    assert found.absent == {"torch": "not installed", "cupy": "ZeroDivisionError: division by zero"}
    assert found.cublas(np.ones((1, 1)), np.ones((1, 1)))[0] == ""


def test_lenet_is_built_though_not_run(module, backend):
    pytest.importorskip("mt_nn", reason="needs mt-nn")
    step = module("ours").lenet(backend, *module("training").digits(1))
    assert callable(step)


def test_pytorchs_steps_run_where_it_is_installed(module, monkeypatch):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    theirs, training = module("theirs"), module("training")
    monkeypatch.setattr(theirs, "DEVICE", "cpu")
    theirs.lenet(torch, *training.digits(2))()
    theirs.xor(torch, *training.points(4))()
