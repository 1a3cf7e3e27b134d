"""The conformance suite of mt_tensor.testing on the device, for as long as there is time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from gpu_check.machine import Rehearsal
from gpu_check.session import Row, Session

SUITE = Path(__file__).resolve().parents[2] / "tests" / "test_conformance.py"
LAST_LINES = 5


def rows(session: Session) -> Iterator[Row]:
    """Yield pytest's last line."""
    absent = [name for name in ("pytest", "hypothesis") if find_spec(name) is None]
    if isinstance(session.machine, Rehearsal):
        yield Row("conformance", {"left out": "the tests of the package do that"})
    elif absent:
        yield Row("conformance", {"left out": f"{', '.join(absent)} not installed"})
    else:
        yield tested(session.seconds_left)


def tested(seconds: float) -> Row:
    """Run the suite in a process of its own, with the packages that this one has."""
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(SUITE)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            timeout=max(seconds, 0.0),
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Row("conformance", {"left out": f"not done in {seconds:.0f} s"})
    last = done.stdout.strip().splitlines()[-LAST_LINES:] or [done.stderr.strip()]
    return Row("conformance", {"pytest": last[-1]}, "\n".join(last) if done.returncode else "")
