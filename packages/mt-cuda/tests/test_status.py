import os
import subprocess
import sys

import pytest

from mt_cuda import status as module
from mt_cuda.status import Driver, ask_driver, has_toolkit, simulator_wanted, status


@pytest.fixture
def no_simulator(monkeypatch):
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)


def pretend(monkeypatch, driver, *, package=True, toolkit=True):
    monkeypatch.setattr(module, "ask_driver", lambda: driver)
    monkeypatch.setattr(module, "find_spec", lambda _: object() if package else None)
    monkeypatch.setattr(module, "has_toolkit", lambda: toolkit)


@pytest.mark.parametrize(
    ("value", "wanted"), [("1", True), ("0", False), ("", False), (" 1 ", True), ("yes", False)]
)
def test_simulator_wanted_reads_a_number(monkeypatch, value, wanted):
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", value)
    assert simulator_wanted() is wanted


def test_the_simulator_is_ready(monkeypatch):
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    assert repr(status()) == "ready: the CUDA simulator, slow and for tests"


@pytest.mark.usefixtures("no_simulator")
def test_a_missing_driver_is_named_with_what_works_instead(monkeypatch):
    monkeypatch.setattr(module, "ask_driver", lambda: ask_driver(("libabsent.so.1",)))
    report = status()
    assert not report.ready
    assert report.detail == "no NVIDIA driver (libabsent.so.1 cannot be loaded)"
    assert "NUMBA_ENABLE_CUDASIM=1" in report.needs


@pytest.mark.usefixtures("no_simulator")
def test_macos_is_told_what_works_there(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    report = status()
    assert not report.ready
    assert report.detail == "CUDA does not run on macOS"
    assert "NUMBA_ENABLE_CUDASIM=1" in report.needs


@pytest.mark.usefixtures("no_simulator")
def test_devices_are_named_and_counted(monkeypatch):
    pretend(monkeypatch, Driver((13, 0), ("GPU A", "GPU B")))
    assert repr(status()) == "ready: GPU A, CUDA 13.0, the first of 2 devices"


@pytest.mark.usefixtures("no_simulator")
def test_a_missing_toolkit_is_named_but_stops_nothing(monkeypatch):
    pretend(monkeypatch, Driver((13, 0), ("GPU A",)), toolkit=False)
    assert status().ready
    assert "mt-tensor[cuda13]" in status().needs


@pytest.mark.usefixtures("no_simulator")
def test_a_missing_numba_cuda_is_named(monkeypatch):
    pretend(monkeypatch, Driver((13, 0), ("GPU A",)), package=False)
    assert not status().ready
    assert status().needs == "pip install 'mt-tensor[cuda]'"


def assign(reference, value):
    """Write through a `ctypes.byref`."""
    reference._obj.value = value  # noqa: SLF001  there is no public way


class Library:
    """A driver library that answers as it is told."""

    def __init__(self, start=0, count=1):
        self.start, self.count = start, count

    def cuInit(self, _):  # noqa: N802  the driver's name
        return self.start

    def cuDeviceGetCount(self, out):  # noqa: N802
        assign(out, self.count)

    def cuDriverGetVersion(self, out):  # noqa: N802
        assign(out, 12080)

    def cuDeviceGet(self, out, ordinal):  # noqa: N802
        assign(out, ordinal)

    def cuDeviceGetName(self, out, _, device):  # noqa: N802
        out.value = f"GPU {device.value}".encode()


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (Library(), Driver((12, 8), ("GPU 0",))),
        (Library(count=2), Driver((12, 8), ("GPU 0", "GPU 1"))),
        (Library(count=0), Driver(problem="the NVIDIA driver finds no device")),
        (
            Library(start=999),
            Driver(problem="the NVIDIA driver does not start (cuInit gives error 999)"),
        ),
    ],
)
def test_ask_driver_reads_version_and_names(monkeypatch, library, expected):
    monkeypatch.setattr(module, "_load", lambda _: library)
    assert ask_driver() == expected


def test_has_toolkit_finds_the_compiler_of_a_wheel(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for name in ("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "SYSTEM_TOOLKIT", tmp_path / "absent")
    assert not has_toolkit()
    folder = tmp_path / "nvidia" / "cu13" / "lib"
    folder.mkdir(parents=True)
    (folder / "libnvvm.so.4").touch()
    assert has_toolkit()


def test_listing_backends_imports_no_numba():
    code = (
        "import sys, mt_tensor; report = repr(mt_tensor.backends()['cuda']); "
        "assert 'ready' in report, report; "
        "print([m for m in ('numba', 'numba_cuda', 'cuda') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_simulator_cannot_be_chosen_after_numba_was_imported():
    code = (
        "import os; os.environ['NUMBA_ENABLE_CUDASIM'] = '0'; import numba.cuda; "
        "os.environ['NUMBA_ENABLE_CUDASIM'] = '1'; import mt_tensor; "
        "mt_tensor.get_backend('cuda')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "NUMBA_ENABLE_CUDASIM was changed after Numba had been imported" in run.stderr


def test_the_simulator_needs_none_of_the_packages_that_macos_lacks():
    """numba-cuda puts itself in the place of numba.cuda by a finder; without it, Numba's own."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('cuda', 'numba_cuda'))); "
        "sys.meta_path[:] = [f for f in sys.meta_path if 'numba_cuda' not in type(f).__module__]; "
        "import mt_tensor as mt; x = mt.ones(3, 3, backend='cuda'); print((x @ x).sum().item()); "
        "import numba.cuda; print(numba.cuda.__file__)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    total, file = run.stdout.splitlines() or [run.stderr, ""]
    assert total == "27.0"
    assert "numba_cuda" not in file


@pytest.mark.skipif(not ask_driver().problem, reason="a driver is there")
def test_without_a_driver_the_backend_is_refused_in_one_line():
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "0"}
    command = [sys.executable, "-c", "import mt_tensor; mt_tensor.get_backend('cuda')"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    last = run.stderr.splitlines()[-1]
    assert last.startswith("mt_tensor.errors.BackendError: backend 'cuda' is not ready: no NVIDIA ")
    assert last.endswith(
        "set NUMBA_ENABLE_CUDASIM=1 before Python starts to run kernels in the simulator"
    )
