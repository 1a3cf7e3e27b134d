"""Everything that must hold, from a fresh clone with an empty home: `.ci/run`.

Each stage runs even where another has failed, under a time limit, and keeps its whole output in
`.hatch/ci/STAGE.log`. A table ends the run; after it stands the end of each failed stage's log,
and the very last line names what failed. Every environment lies in the clone, under `.hatch`.
The interpreter that runs this file tests everything; each other CPython on the machine tests
the packages that need no more than NumPy.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".hatch"
LOGS = STATE / "ci"
TOOLS = STATE / "tools"
USER = STATE / "user"
DIST = ROOT / "dist"
OLDEST = (3, 11)
LIMIT_SECONDS = 20 * 60
LAST_LINES = 60

LONG = (
    "conformance",
    "lessons",
    "precompilation",
    "caching",
    "kill",
    "train",
    "examining",
    "processors",
    "sharing",
)
QUICK = ("-k", f"not ({' or '.join(LONG)})")
"""What is left out where the tests run again with fewer packages, or on another Python: the long
tests, which say nothing about that."""

ENVIRONMENT = {
    "CI": "true",
    "HATCH_DATA_DIR": str(STATE),
    "MPLBACKEND": "agg",
    "NO_COLOR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONUNBUFFERED": "1",
    "UV_SYSTEM_CERTS": "true",
}
FOREIGN = ("HATCH_ENV", "HATCH_ENV_ACTIVE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Stage:
    """Commands to run in order, under one name; the first that fails ends the stage.

    Attributes:
        name: what the table and the log call it.
        commands: each an argument list.
        needs: the stage without which this one has no meaning.
        path: a folder to put before `PATH`.
        folder: where the commands run.
    """

    name: str
    commands: Sequence[Sequence[str]]
    needs: str = "tools"
    path: str = ""
    folder: Path = ROOT

    @property
    def log(self) -> Path:
        """Where the output is kept."""
        return LOGS / f"{re.sub('[^a-z0-9.-]+', '-', self.name)}.log"


@dataclass(frozen=True)
class Result:
    """How a stage ended: `reason` is empty where it passed."""

    stage: Stage
    reason: str
    seconds: float


def main() -> int:
    """Run every stage and report; 0 only if all of them passed."""
    if sys.version_info < OLDEST:
        print(f"FAILED: this is Python {sys.version.split()[0]}; 3.11 or later is needed")
        return 1
    for earlier in (LOGS, DIST, TOOLS, USER):
        shutil.rmtree(earlier, ignore_errors=True)
    LOGS.mkdir(parents=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: list[Result] = []
    try:
        for stage in stages():
            results.append(run_stage(stage, results))
    except KeyboardInterrupt:
        results.append(Result(Stage("the rest", ()), "interrupted", 0.0))
    return report(results)


def stages() -> Iterator[Stage]:
    """Every stage, the quick ones first."""
    yield tools_stage()
    for check in ("workspace", "style", "types", "layers", "dependencies"):
        yield Stage(check, [["hatch", "run", f"lint:{check}"]])
    yield Stage("train", [["hatch", "run", "train"]])
    yield Stage("test", [["hatch", "run", "test"]])
    yield Stage("cuda", [["hatch", "run", "cuda:check"], ["hatch", "run", "cuda:planted"]])
    for package in sorted(folder.name for folder in ROOT.glob("packages/mt-*")):
        yield Stage(f"{package} alone", [["hatch", "run", f"pkg.{package}:test", *QUICK]])
    for version, folder in sorted(other_pythons().items()):
        test = ["hatch", "run", f"pure.py{version}:test", *QUICK]
        yield Stage(f"python {version}", [test], path=folder)
    twine = ["sh", "-c", "twine check --strict dist/*"]
    yield Stage("wheels", [["hatch", "build", "--all"], twine])
    yield install_stage()
    yield Stage("docs", [["hatch", "run", "docs:build"]])


def tools_stage() -> Stage:
    """Hatch and twine, in an environment of their own."""
    install = ["python", "-m", "pip", "install", "--quiet"]
    return Stage(
        "tools",
        [
            [sys.executable, "-m", "venv", str(TOOLS)],
            [*install, "hatch>=1.18,<2", "twine>=6"],
        ],
        needs="",
    )


def install_stage() -> Stage:
    """What a user does with the wheels, in a fresh environment and away from the sources."""
    install = ["python", "-m", "pip", "install", "--quiet", "--find-links", str(DIST)]
    return Stage(
        "install",
        [
            [sys.executable, "-m", "venv", str(USER)],
            [*install, "mt-tensor[cuda]", "mt-nn[fast]", "mt-course"],
            ["python", "-m", "pip", "check"],
            ["python", "-c", "import mt_tensor; print(mt_tensor.backends())"],
            ["minitorch", "train", "mnist", "--max-steps", "5", "--out", "train"],
        ],
        needs="wheels",
        path=str(USER / "bin"),
        folder=LOGS,
    )


def other_pythons() -> dict[str, str]:
    """The folder of each other CPython that the packages support, by its version."""
    found: dict[str, str] = {}
    for folder in python_folders():
        for python in sorted(folder.glob("python3.[0-9]*")):
            version = supported_version(python)
            if version and version != "{}.{}".format(*sys.version_info):
                found.setdefault(version, str(folder))
    return found


def python_folders() -> Iterator[Path]:
    """Where interpreters may lie: on `PATH`, and where pyenv and GitHub keep theirs."""
    for folder in map(Path, os.get_exec_path()):
        yield folder
        if folder.name == "shims":
            yield from folder.parent.glob("versions/*/bin")
    if cache := os.environ.get("RUNNER_TOOL_CACHE"):
        yield from Path(cache).glob("Python/*/*/bin")


def supported_version(python: Path) -> str:
    """The version of an interpreter, `""` if it does not start or will not do."""
    if re.fullmatch(r"python3\.\d+", python.name) is None:
        return ""
    code = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    name, *version = ran.stdout.split() or [""]
    supported = name == "cpython" and tuple(map(int, version)) >= OLDEST
    return ".".join(version) if supported else ""


def run_stage(stage: Stage, earlier: Sequence[Result]) -> Result:
    """Run a stage to its end, unless what it needs has failed."""
    start = time.monotonic()
    print(f"\n=== {stage.name}", flush=True)
    failed = {result.stage.name for result in earlier if result.reason}
    reason = f"not run, for {stage.needs} failed" if stage.needs in failed else run_commands(stage)
    return Result(stage, reason, time.monotonic() - start)


def run_commands(stage: Stage) -> str:
    """Run each command of a stage; the reason of the first failure, or `""`."""
    end = time.monotonic() + LIMIT_SECONDS
    with stage.log.open("w", encoding="utf-8") as log:
        for command in stage.commands:
            line = " ".join(command)
            log.write(f"$ {line}\n")
            try:
                status = run_command(stage, command, log, end)
            except OSError as error:
                return f"`{line}` cannot be run: {error.strerror}"
            if time.monotonic() > end:
                return f"`{line}` was ended after {LIMIT_SECONDS} s"
            if status:
                return f"`{line}` ended with status {status}"
    return ""


def environment(stage: Stage) -> dict[str, str]:
    """The variables that a stage's commands see."""
    own = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    path = os.pathsep.join(filter(None, (stage.path, str(TOOLS / "bin"), own.get("PATH"))))
    return {**own, **ENVIRONMENT, "PATH": path}


def run_command(stage: Stage, command: Sequence[str], log: TextIO, end: float) -> int:
    """Run one command with its output on the terminal and in the log; its exit status."""
    with subprocess.Popen(
        command,
        cwd=stage.folder,
        env=environment(stage),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        errors="replace",
    ) as process:
        timer = threading.Timer(end - time.monotonic(), end_group, [process])
        timer.start()
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                log.write(line)
            return process.wait()
        finally:
            timer.cancel()
            end_group(process)


def end_group(process: subprocess.Popen[str]) -> None:
    """End a command and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def report(results: Sequence[Result]) -> int:
    """Print the table, then the reasons; 1 if anything failed, else 0."""
    failed = [result for result in results if result.reason]
    print("\n=== stages")
    for result in results:
        print(f"{result.stage.name:<22}{result.seconds:6.0f} s  {result.reason or 'passed'}")
    for result in failed:
        if result.stage.log.exists():
            lines = result.stage.log.read_text(encoding="utf-8").splitlines()[-LAST_LINES:]
            print(f"\n=== the end of {result.stage.log.relative_to(ROOT)}", *lines, sep="\n")
    minutes, seconds = divmod(round(sum(result.seconds for result in results)), 60)
    print(f"\n{len(results)} stages in {minutes} min {seconds} s")
    for result in failed:
        print(f"FAILED: {result.stage.name}: {result.reason}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
