"""Which backends there are, and which one new tensors use; in processes of their own."""

import subprocess
import sys
import textwrap

import pytest

import mt_tensor as mt
from mt_tensor import BackendError, BackendSpec, BackendStatus
from mt_tensor.simple import SimpleBackend

BROKEN = """
    import nothing_of_this_name
"""
SICK = """
    from mt_tensor import BackendSpec, BackendStatus
    SPEC = BackendSpec(
        factory=lambda: 1 / 0,
        status=lambda: BackendStatus(ready=False, detail="no device", needs="buy one"),
    )
"""
WELL = """
    from mt_tensor import BackendSpec, BackendStatus
    from mt_tensor.simple import SimpleBackend

    class Mine(SimpleBackend):
        name = "mine"

    SPEC = BackendSpec(
        factory=Mine, status=lambda: BackendStatus(ready=True, detail="borrowed loops", needs="")
    )
"""
ENTRY_POINTS = """
    [mt_tensor.backends]
    broken = broken_backend:SPEC
    sick = sick_backend:SPEC
    mine = my_backend:SPEC
    lost = my_backend:NOTHING
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Make a folder in which a distribution with four backends is installed."""
    folder = tmp_path_factory.mktemp("site")
    files = {
        "broken_backend.py": BROKEN,
        "sick_backend.py": SICK,
        "my_backend.py": WELL,
        "others-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: others\nVersion: 1.0\n",
        "others-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder


def run(code, site=None, **environment):
    """Run code in a new process, and return what it prints."""
    prefix = "" if site is None else f"import sys; sys.path.insert(0, {str(site)!r})\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", prefix + textwrap.dedent(code)],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_listing_the_backends_imports_no_compiler():
    code = """
        import sys
        import mt_tensor
        found = mt_tensor.backends()
        assert found["simple"].ready
        assert set(found) >= {"simple", "fast", "cuda"}
        print(sorted(name for name in sys.modules if name.split(".")[0] in ("numba", "hypothesis")))
    """
    assert run(code) == "[]"


def test_the_test_suite_is_not_imported_with_the_package():
    code = (
        "import sys, mt_tensor; print('mt_tensor.testing' in sys.modules, 'pytest' in sys.modules)"
    )
    assert run(code) == "False False"


def test_the_environment_chooses_the_default():
    code = "import mt_tensor; print(mt_tensor.zeros(1).backend.name)"
    assert run(code, MT_BACKEND="simple") == "simple"


def test_an_unknown_name_in_the_environment_is_one_error():
    code = """
        import mt_tensor
        try:
            mt_tensor.zeros(1)
        except mt_tensor.BackendError as error:
            print(error)
    """
    assert "no backend 'nowhere'; installed: " in run(code, MT_BACKEND="nowhere")


def test_backends_of_other_distributions_are_found(site):
    code = """
        import mt_tensor as mt
        for name, status in mt.backends().items():
            print(f"{name} = {status!r}")
        x = mt.ones(2, backend="mine")
        print(x + 1.0)
    """
    text = run(code, site)
    assert "mine = ready: borrowed loops" in text
    assert "tensor([2., 2.], dtype=float64, backend='mine')" in text
    assert "sick = not ready: no device; buy one" in text
    assert "broken = not ready: cannot be loaded; ModuleNotFoundError" in text
    assert "lost = not ready: cannot be loaded; AttributeError" in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "broken",
            "backend 'broken' is not ready: cannot be loaded; ModuleNotFoundError: No module",
        ),
        ("sick", "backend 'sick' is not ready: no device; buy one"),
        ("lost", "backend 'lost' is not ready: cannot be loaded; AttributeError"),
    ],
)
def test_a_backend_that_cannot_be_used_says_why(site, name, message):
    code = f"""
        import mt_tensor
        try:
            mt_tensor.get_backend({name!r})
        except mt_tensor.BackendError as error:
            print(error)
    """
    assert message in run(code, site)


def test_a_name_that_is_not_installed():
    with pytest.raises(BackendError, match=r"no backend 'nowhere'; installed: .*simple"):
        mt.get_backend("nowhere")


def test_a_known_name_that_is_not_installed_has_a_hint(monkeypatch):
    monkeypatch.setattr("mt_tensor.registry._installed", lambda: {"simple": None})
    with pytest.raises(
        BackendError, match=r"no backend 'fast'; .* pip install 'mt-tensor\[fast\]'"
    ):
        mt.get_backend.__wrapped__("fast")
    status = mt.backends()["cuda"]
    assert (status.ready, status.detail) == (False, "not installed")
    assert status.needs == "pip install 'mt-tensor[cuda]'"


def test_a_backend_that_is_not_ready_is_not_made(monkeypatch):
    class Point:
        def load(self):
            status = BackendStatus(ready=False, detail="no device", needs="a driver")
            return BackendSpec(factory=lambda: pytest.fail("made"), status=lambda: status)

    monkeypatch.setattr("mt_tensor.registry._installed", lambda: {"sick": Point()})
    with pytest.raises(BackendError, match="backend 'sick' is not ready: no device; a driver"):
        mt.get_backend.__wrapped__("sick")


def test_a_backend_is_made_once():
    assert mt.get_backend("simple") is mt.get_backend("simple")
    assert isinstance(mt.get_backend("simple"), SimpleBackend)


def test_the_default_can_be_set_by_name_and_by_backend_and_taken_back():
    before = mt.default_backend()
    mine = SimpleBackend()
    try:
        mt.set_default_backend(mine)
        assert mt.default_backend() is mt.zeros(1).backend is mine
        mt.set_default_backend("simple")
        assert mt.default_backend() is mt.get_backend("simple")
        with pytest.raises(BackendError, match="no backend 'nowhere'"):
            mt.set_default_backend("nowhere")
        assert mt.default_backend() is mt.get_backend("simple")
        mt.set_default_backend(None)
        assert mt.default_backend().name in mt.backends()
    finally:
        mt.set_default_backend(before)


def test_a_status_reads_as_a_sentence():
    assert repr(BackendStatus(ready=True, detail="loops", needs="")) == "ready: loops"
    status = BackendStatus(ready=False, detail="no GPU", needs="a driver")
    assert repr(status) == "not ready: no GPU; a driver"
    spec = BackendSpec(factory=SimpleBackend, status=lambda: status)
    assert spec.status() is status
