"""`map` and `zip`: every operator, every layout, every dtype."""

from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest

from mt_operators import Op, add, exp, gt, identity, mul, neg, sub, where
from mt_operators.testing import EDGES
from mt_tensor.backend import ElementFn
from mt_tensor.dtypes import DType, bool_, float32, float64, int64
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, floats
from mt_tensor.testing.layouts import LAYOUTS, WRITABLE, arranged
from mt_tensor.testing.operators import (
    OPERATORS,
    PARTIALS,
    chained,
    expected,
    gated,
    samples,
    saved,
    scaled,
    swish,
)

Array = np.ndarray[Any, Any]

ODD_SHAPES = [(), (1,), (0,), (2, 0, 3), (1, 1, 1), (7,), (2, 1, 3, 1, 2)]

CASTS = {
    "f": [0.0, 1.0, -1.0, 2.75, -2.75, 1e6],
    "i": [0, 1, -1, 2**24 + 1, -(2**24) - 3],
    "b": [True, False],
}


def differing(layout: str, arrays: list[Array]) -> list[Array]:
    """Give the first array this layout, and each other one the next in the table."""
    names = islice(cycle(LAYOUTS), list(LAYOUTS).index(layout), None)
    return [arranged(name, array) for name, array in zip(names, arrays, strict=False)]


def _name(fn: ElementFn) -> str:
    return fn.name if isinstance(fn, Op) else fn.__name__


class Elementwise(Suite):
    """`map` and `zip` of operators, of their gradients, and of a user's functions."""

    @floats
    @pytest.mark.parametrize("name", OPERATORS)
    def test_elementwise_an_operator(self, name: str, dtype: DType) -> None:
        """Operands in one layout, and in layouts that disagree."""
        operator = OPERATORS[name]
        arrays = samples(operator, self.shape, dtype)
        self.check_elementwise(operator, dtype, arrays, "contiguous")
        for layout in self.layouts:
            views = differing(layout, arrays)
            self.check_elementwise(operator, dtype, views, f"{layout} and others")

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("name", ["neg", "sub", "clamp"])
    def test_elementwise_every_layout(self, name: str, layout: str) -> None:
        """Of one operand, two, three."""
        views = differing(layout, samples(OPERATORS[name], self.shape, float64))
        self.check_elementwise(OPERATORS[name], float64, views, f"{layout} and others")

    @floats
    @pytest.mark.parametrize(("name", "i"), PARTIALS)
    def test_elementwise_a_pullback(self, name: str, i: int, dtype: DType) -> None:
        """The backward step of an operator: two operands to four."""
        operator = OPERATORS[name]
        values = saved(operator, samples(operator, self.shape, dtype, seed=1))
        grad = np.random.default_rng(2).uniform(-1.0, 1.0, self.shape).astype(dtype)
        for layout in self.layouts:
            views = differing(layout, [grad, *values])
            self.check_elementwise(operator.pullbacks[i], dtype, views, f"{layout} and others")

    def check_elementwise(
        self, fn: ElementFn, dtype: DType, views: list[Array], about: str, scale: float = 1.0
    ) -> None:
        """Run `map` or `zip`, and compare with the oracle."""
        result = self.elementwise(fn, dtype, *views)
        assert_close(result, expected(fn, *views), scale=scale, about=f"{_name(fn)}: {about}")

    @pytest.mark.parametrize("layout", WRITABLE)
    @floats
    @pytest.mark.parametrize("name", ["exp", "sub", "where"])
    def test_elementwise_any_layout_is_written(self, name: str, dtype: DType, layout: str) -> None:
        """Every element of `out`, and nothing between them."""
        operator = OPERATORS[name]
        views = differing("reversed", samples(operator, self.shape, dtype))
        self.check_storage(
            lambda out: self.run(operator, out, [self.place(view) for view in views]),
            self.blank(self.shape, dtype, layout),
            expected(operator, *views),
            f"{name} into {layout}",
        )

    @floats
    @pytest.mark.parametrize("shape", ODD_SHAPES, ids=str)
    @pytest.mark.parametrize("name", ["neg", "add", "clamp"])
    def test_elementwise_odd_shapes(self, name: str, shape: tuple[int, ...], dtype: DType) -> None:
        """A single number, no element, sizes of 1, five dimensions."""
        views = differing("offset", samples(OPERATORS[name], shape, dtype))
        self.check_elementwise(OPERATORS[name], dtype, views, str(shape))

    @floats
    @pytest.mark.parametrize("name", ["tanh", "mul"])
    def test_elementwise_large_tensors(self, name: str, dtype: DType) -> None:
        """Sizes that are cut into parts, the last of them incomplete; flat and strided."""
        shape = (self.large // 100 + 1, 101)
        inputs = samples(OPERATORS[name], shape, dtype)
        for layout in ("contiguous", "permuted", "mixed"):
            self.check_elementwise(OPERATORS[name], dtype, differing(layout, inputs), layout)

    @pytest.mark.parametrize("operator", EDGES, ids=lambda operator: operator.name)
    def test_elementwise_the_edges_of_the_number_line(self, operator: Op) -> None:
        """Infinities, nan, signed zeros: as IEEE 754 has them, without a warning."""
        inputs, results = zip(*EDGES[operator], strict=True)
        columns = [np.array(column) for column in zip(*inputs, strict=True)]
        actual, wanted = self.elementwise(operator, float64, *columns), np.array(results)
        assert_close(actual, wanted, scale=0.0, about=operator.name)
        zeros = wanted == 0.0
        np.testing.assert_array_equal(
            np.signbit(actual[zeros]), np.signbit(wanted[zeros]), f"{operator.name}: sign of zero"
        )

    def test_elementwise_overflow_in_float32_is_infinite(self) -> None:
        """A float64 on the way does not hide it, and nobody is warned."""
        array = np.array([1.0, -1.0, 200.0], np.float32)
        result = self.elementwise(exp, float32, array)
        assert_close(result, np.array([np.e, 1 / np.e, np.inf]), about="exp")
        huge = np.full(3, 3e38, np.float32)
        np.testing.assert_array_equal(self.elementwise(add, float32, huge, huge), np.inf)
        wide = np.array([1e300, -1e300, 1.0])
        np.testing.assert_array_equal(
            self.elementwise(identity, float32, wide), [np.inf, -np.inf, 1.0]
        )

    @pytest.mark.parametrize("target", [float32, float64, int64, bool_], ids=str)
    @pytest.mark.parametrize("source", [float32, float64, int64, bool_], ids=str)
    def test_elementwise_a_cast(self, source: DType, target: DType) -> None:
        """Floats are cut off towards 0 where they become integers; what is not 0 is true."""
        array = np.array(CASTS[source.kind], source)
        result = self.elementwise(identity, target, array)
        np.testing.assert_array_equal(result, array.astype(target), strict=True)

    def test_elementwise_integers_are_copied_exactly(self) -> None:
        """Also those that no float64 holds."""
        array = np.array([2**53 + 1, -(2**62) - 1, 2**63 - 1, -(2**63)])
        np.testing.assert_array_equal(self.elementwise(identity, int64, array), array)
        strided = arranged("mixed", array)
        np.testing.assert_array_equal(self.elementwise(identity, int64, strided), array)

    @pytest.mark.parametrize("layout", ["contiguous", "reversed", "broadcast"])
    @pytest.mark.parametrize("dtype", [float32, float64, int64, bool_], ids=str)
    @pytest.mark.parametrize("name", ["lt", "eq", "ne"])
    def test_elementwise_truth_values(self, name: str, dtype: DType, layout: str) -> None:
        """The dtype of `out` is bool, whatever is compared."""
        values = np.arange(24).reshape(2, 3, 4)
        views = differing(layout, [(values % 3).astype(dtype), (values % 2).astype(dtype)])
        result = self.elementwise(OPERATORS[name], bool_, *views)
        np.testing.assert_array_equal(result, expected(OPERATORS[name], *views) != 0.0, strict=True)

    @pytest.mark.parametrize("dtype", [int64, bool_], ids=str)
    @pytest.mark.parametrize("name", ["add", "mul", "div", "neg", "exp", "maximum"])
    def test_elementwise_integers_compute_as_floats(self, name: str, dtype: DType) -> None:
        """The dtype of `out` is float64."""
        operator = OPERATORS[name]
        arrays = [np.array([0, 1, 2, -3]).astype(dtype), np.array([2, 1, 1, 4]).astype(dtype)]
        self.check_elementwise(operator, float64, arrays[: operator.arity], str(dtype))

    @pytest.mark.parametrize("layout", ["contiguous", "mixed"])
    @floats
    def test_elementwise_out_may_be_an_operand(self, dtype: DType, layout: str) -> None:
        """Element for element: each is read before it is written."""
        a, b, c = (arranged(layout, x) for x in samples(where, self.shape, dtype))
        first = self.place(a)
        self.backend.map(neg, first, first)
        assert_close(self.read(first), -a, about="neg in place")
        second, third = self.place(a), self.place(b)
        self.backend.zip(sub, second, second, third)
        assert_close(self.read(second), a - b, about="sub into its first operand")
        self.backend.zip(mul, third, self.place(a), third)
        assert_close(self.read(third), a * b, about="mul into its second operand")
        both = self.place(a)
        self.backend.zip(add, both, both, both)
        assert_close(self.read(both), a + a, about="add of a tensor to itself, in place")
        last = self.place(c)
        self.backend.zip(where, last, self.place(a), self.place(b), last)
        assert_close(self.read(last), np.where(a != 0.0, b, c), about="where into its third")

    @floats
    def test_elementwise_a_float_function_without_derivatives(self, dtype: DType) -> None:
        """A lambda, closures over numbers and over functions."""
        inputs = samples(exp, self.shape, dtype)
        for fn in (lambda x: 3.0 * x - 1.0, scaled(0.1), chained(scaled(2.5), exp)):
            self.check_elementwise(fn, dtype, inputs, "a function of floats", scale=30.0)

    def test_elementwise_closures_of_one_function_are_told_apart(self) -> None:
        """A kernel belongs to the values in the closure, too."""
        for factor in (2.0, 3.0, -0.5):
            result = self.elementwise(scaled(factor), float64, np.ones(3))
            np.testing.assert_array_equal(result, np.full(3, factor))

    @floats
    @pytest.mark.parametrize("operator", [swish, gated], ids=["swish", "gated"])
    def test_elementwise_a_users_operator(self, operator: Op, dtype: DType) -> None:
        """Defined elsewhere, calling operators and helpers: forward and backward."""
        values = samples(operator, self.shape, dtype)
        for layout in self.layouts:
            self.check_elementwise(operator, dtype, differing(layout, values), layout, 50.0)
            grads = differing(layout, [np.ones_like(values[0]), *values])
            for pullback in operator.pullbacks:
                self.check_elementwise(pullback, dtype, grads, layout, 50.0)

    @floats
    def test_elementwise_equal_arguments_give_equal_bits(self, dtype: DType) -> None:
        """On every run, also where the work is shared out."""
        views = differing("permuted", samples(OPERATORS["power"], (self.large // 50, 50), dtype))
        first, second = (self.elementwise(OPERATORS["power"], dtype, *views) for _ in range(2))
        np.testing.assert_equal(first.tobytes(), second.tobytes())

    def test_elementwise_comparison_of_mixed_dtypes(self) -> None:
        """Operands of two dtypes: each is read as it is."""
        result = self.elementwise(gt, bool_, np.array([0.5, 1.5], np.float32), np.array([1, 1]))
        np.testing.assert_array_equal(result, [False, True])
