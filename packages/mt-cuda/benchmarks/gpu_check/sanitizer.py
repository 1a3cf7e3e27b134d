"""compute-sanitizer over the small sizes: wrong accesses, and races in shared memory."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gpu_check.machine import Rehearsal
from gpu_check.session import Row, Session

TOOLS = ("memcheck", "racecheck")
MOST_SECONDS = 100.0
FOUND = 86
"""The exit status that the tool is to give where it finds something."""

LAST_CHARACTERS = 1000


def rows(session: Session) -> Iterator[Row]:
    """Yield what each tool says of the section on correctness."""
    program = shutil.which("compute-sanitizer")
    if isinstance(session.machine, Rehearsal):
        yield Row("compute-sanitizer", {"left out": "a rehearsal has no GPU"})
    elif program is None:
        yield Row("compute-sanitizer", {"left out": "not installed"})
    else:
        for tool in TOOLS:
            yield watched(session, program, tool)


def watched(session: Session, program: str, tool: str) -> Row:
    """Run the small sizes under a tool."""
    seconds = min(MOST_SECONDS, session.seconds_left)
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        check = [sys.executable, str(here), "--only", "correctness", "--small", "--out", folder]
        command = [program, "--tool", tool, "--error-exitcode", str(FOUND), *check]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)  # noqa: PLW1510, S603  its status is read
        except subprocess.TimeoutExpired:
            return Row(tool, {"left out": f"not done in {seconds:.0f} s"})
    print((done.stdout + done.stderr)[-LAST_CHARACTERS:])
    wrong = f"ended with status {done.returncode}" if done.returncode else ""
    return Row(tool, {"found": "nothing" if not wrong else "see above"}, wrong)
