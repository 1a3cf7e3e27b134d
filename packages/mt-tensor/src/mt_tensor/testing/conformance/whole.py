"""All parts of the contract in one class."""

from mt_tensor.testing.conformance.elementwise import Elementwise
from mt_tensor.testing.conformance.extrema import Extrema
from mt_tensor.testing.conformance.indexing import Indexing
from mt_tensor.testing.conformance.laws import Laws
from mt_tensor.testing.conformance.normalization import Normalization
from mt_tensor.testing.conformance.optimization import Optimization
from mt_tensor.testing.conformance.product import Product
from mt_tensor.testing.conformance.randomness import Randomness
from mt_tensor.testing.conformance.reduction import Reduction
from mt_tensor.testing.conformance.replay import Replay
from mt_tensor.testing.conformance.results import Results
from mt_tensor.testing.conformance.rows import Rows
from mt_tensor.testing.conformance.sequences import Sequences
from mt_tensor.testing.conformance.transfer import Transfer
from mt_tensor.testing.conformance.windows import Windows


class BackendConformance(
    Transfer,
    Elementwise,
    Reduction,
    Extrema,
    Product,
    Results,
    Indexing,
    Windows,
    Sequences,
    Normalization,
    Randomness,
    Rows,
    Optimization,
    Replay,
    Laws,
):
    """The contract of `mt_tensor.backend.Backend`, as tests that pytest collects in a subclass.

    Attributes:
        backend: the backend under test.
        small: use small sizes only, for a backend that is a simulator or a loop in Python.
        layouts: in which of `LAYOUTS` each operator is tried; a few are tried in all of them. A
            backend that compiles a kernel for each combination may name fewer.

    The whole of a backend's test file:

        class TestMine(BackendConformance):
            backend = MyBackend()
    """
