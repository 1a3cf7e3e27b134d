import importlib
import signal
import sys
import time

import pytest
from workspace import ROOT


@pytest.fixture
def ci(tmp_path, monkeypatch):
    """The module `tools/ci.py`, which keeps what it writes, and clears, in a folder of the test."""
    module = importlib.import_module("ci")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("STATE", "LOGS", "TOOLS", "USER", "DIST"):
        monkeypatch.setattr(module, name, tmp_path / name)
    module.LOGS.mkdir()
    return module


@pytest.fixture
def stage(ci, tmp_path):
    def make(name, *commands, **fields):
        lines = [[sys.executable, "-c", command] for command in commands]
        return ci.Stage(name, lines, **{"needs": "", "folder": tmp_path, **fields})

    return make


def test_a_stage_that_passes_has_no_reason_and_keeps_its_output(ci, stage, capfd):
    result = ci.run_stage(stage("style", "print('one')", "print('two')"), [])
    assert result.reason == ""
    assert result.stage.log.read_text().splitlines()[1::2] == ["one", "two"]
    assert capfd.readouterr().out == "\n=== style\none\ntwo\n"


def test_the_first_command_that_fails_ends_the_stage(ci, stage):
    result = ci.run_stage(stage("types", "raise SystemExit(3)", "print('never')"), [])
    assert result.reason.endswith("-c raise SystemExit(3)` ended with status 3")
    assert "never" not in result.stage.log.read_text()


def test_errors_are_kept_beside_the_output_and_bytes_that_are_no_text_pass(ci, stage):
    command = r"import os; os.write(2, b'caf\xe9\n')"
    assert ci.run_stage(stage("types", command), []).reason == ""
    assert (ci.LOGS / "types.log").read_text().endswith("caf\N{REPLACEMENT CHARACTER}\n")


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(ci, stage, monkeypatch):
    monkeypatch.setattr(ci, "LIMIT_SECONDS", 0.5)
    child = "import subprocess; subprocess.run(['sleep', '60'])"
    start = time.monotonic()
    result = ci.run_stage(stage("test", child), [])
    assert result.reason.endswith("was ended after 0.5 s")
    assert time.monotonic() - start < 10


def test_a_command_that_is_not_there_is_a_reason_and_not_a_crash(ci):
    result = ci.run_stage(ci.Stage("x", [["no-such-command"]], needs=""), [])
    assert result.reason == "`no-such-command` cannot be run: No such file or directory"


def test_nothing_can_be_read_from_a_terminal(ci, stage):
    assert "status 1" in ci.run_stage(stage("test", "input()"), []).reason
    assert "EOFError" in (ci.LOGS / "test.log").read_text()


def test_a_stage_without_what_it_needs_is_not_run(ci, stage):
    wheels = ci.Result(stage("wheels"), "some reason", 1.0)
    install = ci.run_stage(stage("install", "print('never')", needs="wheels"), [wheels])
    assert install.reason == "not run, for wheels failed"
    assert not install.stage.log.exists()


def test_variables_of_another_environment_do_not_reach_a_stage(ci, stage, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PATH", "/usr/bin")
    found = ci.environment(stage("x", path="/first"))
    assert "PYTHONPATH" not in found
    assert found["PATH"].split(":")[0] == "/first"
    assert found["PATH"].split(":")[-1] == "/usr/bin"
    assert found["CI"] == "true"


def test_the_reason_stands_last_after_the_end_of_the_log(ci, stage, capsys):
    bad = ci.run_stage(stage("mt-nn alone", "print('why'); raise SystemExit(1)"), [])
    good = ci.run_stage(stage("style", "pass"), [])
    capsys.readouterr()
    assert ci.report([bad, good]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"FAILED: mt-nn alone: {bad.reason}"
    assert lines.index("=== the end of LOGS/mt-nn-alone.log") < lines.index("why")
    assert any(line.split() == ["style", "0", "s", "passed"] for line in lines)


def test_a_run_in_which_all_passes_says_so(ci, stage, capsys):
    assert ci.report([ci.run_stage(stage("style", "pass"), [])]) == 0
    assert capsys.readouterr().out.endswith("\n1 stages in 0 min 0 s\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_reported(ci, stage, monkeypatch, capsys, number):
    def stages():
        yield stage("style", "pass")
        signal.raise_signal(number)

    monkeypatch.setattr(ci, "stages", stages)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert ci.main() == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:1] == ["style"] for line in lines)
    assert lines[-1] == "FAILED: the rest: interrupted"


def test_a_run_clears_what_an_earlier_one_left(ci, monkeypatch):
    for folder in (ci.LOGS, ci.TOOLS, ci.USER, ci.DIST):
        folder.mkdir(exist_ok=True)
        (folder / "old").touch()
    monkeypatch.setattr(ci, "stages", lambda: iter(()))
    monkeypatch.setattr(ci.signal, "signal", lambda *_: None)
    assert ci.main() == 0
    assert list(ci.LOGS.iterdir()) == []
    assert not any(folder.exists() for folder in (ci.TOOLS, ci.USER, ci.DIST))


@pytest.mark.parametrize(
    ("name", "output", "version"),
    [
        ("python3.12", "cpython 3 12", "3.12"),
        ("python3.10", "cpython 3 10", ""),
        ("python3.12", "pypy 3 12", ""),
        ("python3.13t", "cpython 3 13", ""),
        ("python3.12-config", "cpython 3 12", ""),
        ("python3.12", "", ""),
    ],
)
def test_only_a_cpython_that_starts_and_is_supported_counts(ci, tmp_path, name, output, version):
    python = tmp_path / name
    python.write_text(f"#!/bin/sh\necho {output}\n")
    python.chmod(0o755)
    assert ci.supported_version(python) == version


def test_pythons_are_found_on_the_path_and_beside_shims(ci, tmp_path, monkeypatch):
    for folder in ("shims", "versions/a/bin", "versions/b/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for folder, output in (("a", "cpython 3 98"), ("b", "cpython 3 99")):
        python = tmp_path / "versions" / folder / "bin" / f"python3.{output[-2:]}"
        python.write_text(f"#!/bin/sh\necho {output}\n")
        python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/bin")
    monkeypatch.delenv("RUNNER_TOOL_CACHE", raising=False)
    found = ci.other_pythons()
    assert found["3.98"] == str(tmp_path / "versions" / "a" / "bin")
    assert found["3.99"] == str(tmp_path / "versions" / "b" / "bin")
    assert "{}.{}".format(*sys.version_info) not in found


def test_every_package_and_every_check_has_a_stage(monkeypatch, ci):
    monkeypatch.setattr(ci, "ROOT", ROOT)
    monkeypatch.setattr(ci, "other_pythons", lambda: {"3.99": "/somewhere"})
    names = [stage.name for stage in ci.stages()]
    alone = {f"{folder.name} alone" for folder in ROOT.glob("packages/*")}
    wanted = {
        "style",
        "types",
        "layers",
        "dependencies",
        "workspace",
        "train",
        "test",
        "wheels",
        "docs",
    }
    assert wanted | alone | {"install", "python 3.99"} <= set(names)
    assert len({stage.log for stage in ci.stages()}) == len(names)
