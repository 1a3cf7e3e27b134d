"""For authors of backends and of tests: the contract of a backend as a suite, and strategies.

Needs the extra `mt-tensor[testing]`, which brings pytest and Hypothesis; nothing of `mt_tensor`
imports it. The contract runs with three lines in a test file:

    from mt_tensor.testing import BackendConformance

    class TestMine(BackendConformance):
        backend = MyBackend()
"""

from mt_tensor.testing import strategies as strategies
from mt_tensor.testing.closeness import assert_close as assert_close
from mt_tensor.testing.conformance.whole import BackendConformance as BackendConformance
from mt_tensor.testing.layouts import LAYOUTS as LAYOUTS
from mt_tensor.testing.layouts import WRITABLE as WRITABLE
from mt_tensor.testing.layouts import Layout as Layout
from mt_tensor.testing.layouts import arranged as arranged
from mt_tensor.testing.layouts import place as place
from mt_tensor.testing.operators import NUMPY as NUMPY
from mt_tensor.testing.operators import OPERATORS as OPERATORS
from mt_tensor.testing.operators import expected as expected
from mt_tensor.testing.operators import samples as samples
