"""`fill`, and `lowered`: recorded calls made again, on what the storages hold now."""

from typing import Any

import numpy as np
import pytest

from mt_operators import add, exp, mul
from mt_tensor.capture.live import Live
from mt_tensor.capture.tape import Call
from mt_tensor.dtypes import DType, float32
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import WRITABLE

PLAIN = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}


def call(method: str, *args: Any, **kwargs: Any) -> Call:
    """Return a call as it is recorded."""
    return Call(method, args, kwargs, "somewhere:1:")


class Replay(Suite):
    """A function that makes calls again."""

    @pytest.mark.parametrize("layout", WRITABLE)
    @floats
    def test_fill(self, dtype: DType, layout: str) -> None:
        """Every element, and nothing between them."""
        self.check_storage(
            lambda out: self.backend.fill(out, 2.5),
            self.blank(self.shape, dtype, layout),
            np.full(self.shape, 2.5),
            layout,
        )

    def write(self, data: TensorData, array: "np.ndarray[Any, Any]") -> None:
        """Put other elements into the storage of a tensor."""
        fresh = self.place(array)
        self.backend.map(lambda x: x, data, fresh)

    def test_lowered_calls_read_what_is_there_now(self) -> None:
        """In their order, each run on other elements."""
        x, out = self.place(drawn(float32, 5)), self.place(self.blank((5,), float32))
        total = self.place(self.blank((1,), float32))
        calls = [
            call("map", exp, out, x),
            call("zip", mul, out, out, x),
            call("fill", x, 0.5),
            call("reduce", add, total, out),
        ]
        run = self.backend.lowered(calls)
        for seed in range(4):
            array = drawn(float32, 5, seed=seed)
            self.write(x, array)
            run()
            np.testing.assert_allclose(self.read(out), np.exp(array) * array, rtol=1e-5)
            np.testing.assert_allclose(self.read(total), [self.read(out).sum()], rtol=1e-4)
            np.testing.assert_array_equal(self.read(x), np.full(5, 0.5, np.float32))

    def test_lowered_calls_have_the_values_of_the_step(self) -> None:
        """A rate and a key change between runs; what stays is not computed anew."""
        state = {"lr": 0.5, "key": 3}
        lr, key = (Live(lambda name=name: state[name], ()) for name in ("lr", "key"))  # type: ignore[misc]
        value, grad = self.place(np.ones(40)), self.place(np.ones(40))
        calls = [
            call("dropout", grad, grad, 0.5, key),
            call("sgd_step", value, grad, None, lr=lr, **PLAIN),
        ]
        run = self.backend.lowered(calls)
        for i in range(4):
            state.update(lr=0.25 * i, key=i)
            lr.refresh()
            key.refresh()
            self.write(value, np.ones(40))
            self.write(grad, np.ones(40))
            wanted = self.place(np.ones(40))
            self.backend.dropout(wanted, wanted, 0.5, i)
            run()
            np.testing.assert_array_equal(self.read(value), 1.0 - 0.25 * i * self.read(wanted))
