"""The kernels under Hypothesis: whatever shape, whatever layout."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mt_operators import add, identity, maximum, mul
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.reduction import folded
from mt_tensor.testing.conformance.suite import Suite
from mt_tensor.testing.strategies import arrays, axes, shapes

# One test runs for every backend, so Hypothesis meets it in several classes.
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


class Laws(Suite):
    """What holds of every layout that strides can express."""

    @many
    @given(st.data())
    def test_a_copy_has_the_same_elements(self, data: st.DataObject) -> None:
        """From any layout into any layout, and nothing between its elements changes."""
        source = data.draw(arrays())
        target = data.draw(arrays(source.shape, writable=True))
        self.check_storage(
            lambda out: self.backend.map(identity, out, self.place(source)), target, source, "copy"
        )

    @many
    @given(st.data())
    def test_a_zip_reads_three_layouts(self, data: st.DataObject) -> None:
        """Each operand by its own strides."""
        shape = data.draw(shapes())
        a, b = (data.draw(arrays(shape)) for _ in range(2))
        target = data.draw(arrays(shape, writable=True))
        self.check_storage(
            lambda out: self.backend.zip(mul, out, self.place(a), self.place(b)),
            target,
            a * b,
            "mul",
        )

    @many
    @given(st.data())
    def test_a_fold_along_any_axes(self, data: st.DataObject) -> None:
        """Of any layout into any layout."""
        source = data.draw(arrays())
        chosen = tuple(d % source.ndim for d in data.draw(axes(source.ndim)))
        op = data.draw(st.sampled_from([add, maximum]))
        wanted = folded(op, source, chosen)
        target = data.draw(arrays(wanted.shape, writable=True))
        self.check_storage(
            lambda out: self.backend.reduce(op, out, self.place(source)), target, wanted, op.name
        )

    @many
    @given(st.data())
    def test_a_product_of_any_layouts(self, data: st.DataObject) -> None:
        """Batches, sizes of 0 and 1, all of them as they come."""
        batch = data.draw(shapes(max_dims=2, max_side=2))
        rows, inner, columns = (data.draw(st.integers(0, 4)) for _ in range(3))
        a = data.draw(arrays((*batch, rows, inner)))
        b = data.draw(arrays((*batch, inner, columns)))
        assert_close(self.multiply(a, b), np.matmul(a, b), scale=400.0, about="matmul")
