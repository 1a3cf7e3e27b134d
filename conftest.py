"""What every test run shares: the CUDA simulator, and the code on the pages as tests."""

import os
from importlib.util import find_spec

# Numba reads this when it is first imported. `NUMBA_ENABLE_CUDASIM=0` runs the tests on a GPU.
os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")

# An environment without Sybil, such as an editor's, still runs the unit tests.
if find_spec("sybil"):
    from pages import pages

    pytest_collect_file = pages.pytest()

# It needs Griffe, which only the documentation's environment has.
collect_ignore = ["tools/griffe_sessions.py"]
# Doctests import every file, and a benchmark may compare with libraries that are not here.
collect_ignore_glob = ["packages/*/benchmarks/*"]
