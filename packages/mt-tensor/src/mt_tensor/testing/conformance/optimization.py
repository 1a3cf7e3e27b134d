"""`sgd_step` and `adam_step`: the update of a parameter, in place, against the rules in NumPy.

`sgd_steps` and `adam_steps`, of many parameters, against these.
"""

from typing import Any

import numpy as np
import pytest

from mt_tensor.dtypes import DType, float64
from mt_tensor.tensor_data import TensorData
from mt_tensor.testing.closeness import assert_close
from mt_tensor.testing.conformance.suite import Suite, drawn, floats
from mt_tensor.testing.layouts import WRITABLE, arranged

Array = np.ndarray[Any, Any]
Rates = dict[str, Any]

PLAIN: Rates = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
DESCENTS: dict[str, Rates] = {
    "plain": {},
    "decay": {"weight_decay": 0.3},
    "momentum": {"momentum": 0.9},
    "dampening": {"momentum": 0.9, "dampening": 0.25, "weight_decay": 0.3},
    "nesterov": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.3},
}
ADAPTIVE: dict[str, Rates] = {
    "first step": {"step": 1, "weight_decay": 0.0, "decoupled": False},
    "decay": {"step": 7, "weight_decay": 0.3, "decoupled": False},
    "decoupled decay": {"step": 7, "weight_decay": 0.3, "decoupled": True},
}


def descended(p: Array, g: Array, v: Array | None, rates: Rates) -> tuple[Array, Array | None]:
    """Take a step down the gradient, or down the velocity that it drives."""
    g = g + rates["weight_decay"] * p
    if v is None:
        return p - 0.1 * g, None
    v = rates["momentum"] * v + (1.0 - rates["dampening"]) * g
    return p - 0.1 * (g + rates["momentum"] * v if rates["nesterov"] else v), v


def adapted(p: Array, g: Array, m: Array, s: Array, rates: Rates) -> tuple[Array, Array, Array]:
    """Take a step down the mean gradient, scaled by its root mean square."""
    decay, step = rates["weight_decay"], rates["step"]
    p, g = (p * (1.0 - 0.1 * decay), g) if rates["decoupled"] else (p, g + decay * p)
    m, s = 0.9 * m + 0.1 * g, 0.99 * s + 0.01 * g * g
    root = np.sqrt(s / (1.0 - 0.99**step)) + 1e-8
    return p - 0.1 * m / (1.0 - 0.9**step) / root, m, s


class Optimization(Suite):
    """Updates in place; the gradient is left as it is."""

    def states(self, dtype: DType, layout: str) -> list[Array]:
        """Draw a parameter, a gradient in another layout, and two moments."""
        arrays = [drawn(dtype, *self.shape, seed=seed) for seed in range(4)]
        arrays[3] = arrays[3] * arrays[3]
        names = (layout, "reversed", "contiguous", layout)
        return [arranged(name, array) for name, array in zip(names, arrays, strict=True)]

    def check_states(self, tensors: list[TensorData], wanted: list[Array]) -> None:
        """Compare what was updated, and what was not."""
        for i, (data, array) in enumerate(zip(tensors, wanted, strict=True)):
            assert_close(self.read(data), array, scale=4.0, about=f"argument {i}")

    @pytest.mark.parametrize("rule", DESCENTS)
    @floats
    def test_sgd_step(self, dtype: DType, rule: str) -> None:
        """Each form of the rule."""
        self.check_sgd_step(dtype, rule, "contiguous")

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_sgd_step_of_any_layout(self, layout: str) -> None:
        """Parameters that are views."""
        self.check_sgd_step(float64, "nesterov", layout)

    def check_sgd_step(self, dtype: DType, rule: str, layout: str) -> None:
        """Compare one step."""
        rates = PLAIN | DESCENTS[rule]
        p, g, v, _ = self.states(dtype, layout)
        value, grad, velocity = (self.place(array) for array in (p, g, v))
        moving = velocity if rates["momentum"] else None
        self.backend.sgd_step(value, grad, moving, lr=0.1, **rates)
        start, slope, speed = (a.astype(np.float64) for a in (p, g, v))
        stepped, driven = descended(start, slope, speed if moving else None, rates)
        self.check_states([value, grad, velocity], [stepped, g, v if driven is None else driven])

    @pytest.mark.parametrize("rule", ADAPTIVE)
    @floats
    def test_adam_step(self, dtype: DType, rule: str) -> None:
        """Each form of the rule."""
        self.check_adam_step(dtype, rule, "contiguous")

    @pytest.mark.parametrize("layout", WRITABLE)
    def test_adam_step_of_any_layout(self, layout: str) -> None:
        """Parameters that are views."""
        self.check_adam_step(float64, "decay", layout)

    def check_adam_step(self, dtype: DType, rule: str, layout: str) -> None:
        """Compare one step."""
        arrays = self.states(dtype, layout)
        tensors = [self.place(array) for array in arrays]
        rates: Rates = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, **ADAPTIVE[rule]}
        self.backend.adam_step(*tensors, **rates)
        p, g, m, s = (a.astype(np.float64) for a in arrays)
        p, m, s = adapted(p, g, m, s, ADAPTIVE[rule])
        self.check_states(tensors, [p, arrays[1], m, s])

    @pytest.mark.parametrize("rule", DESCENTS)
    @floats
    def test_sgd_steps(self, dtype: DType, rule: str) -> None:
        """The bits of single steps, whatever was prepared; the last one never has a velocity."""
        together, apart = self.drawn_parts(dtype, 3), self.drawn_parts(dtype, 3)
        for lr in (0.1, 0.2):
            rates = PLAIN | DESCENTS[rule] | {"lr": lr}
            still = len(apart) - 1 if rates["momentum"] else 0
            moving = [(p, g, v if i < still else None) for i, (p, g, v) in enumerate(together)]
            self.backend.sgd_steps(moving, **rates)
            for i, (p, g, v) in enumerate(apart):
                self.backend.sgd_step(p, g, v if i < still else None, **rates)
            self.check_bits(together, apart)

    @pytest.mark.parametrize("rule", ADAPTIVE)
    @floats
    def test_adam_steps(self, dtype: DType, rule: str) -> None:
        """The bits of single steps, whatever was prepared."""
        together, apart = self.drawn_parts(dtype, 4), self.drawn_parts(dtype, 4)
        for lr in (0.1, 0.2):
            rates: Rates = {"lr": lr, "betas": (0.9, 0.99), "eps": 1e-8, **ADAPTIVE[rule]}
            self.backend.adam_steps(together, **rates)
            for part in apart:
                self.backend.adam_step(*part, **rates)
            self.check_bits(together, apart)

    def drawn_parts(self, dtype: DType, count: int) -> list[Any]:
        """Draw the tensors of parameters, the same ones each time; none is below 0.

        All are contiguous, but in each parameter between the second and the last one tensor is not.
        """
        layouts = [["contiguous"] * count for _ in range(2 * count + 3)]
        for k in range(count):
            layouts[k + 2][k], layouts[-k - 2][k] = "offset", "permuted"
        parts = []
        for i, names in enumerate(layouts):
            shape = (5 if i == 1 else 3, 2)
            arrays = [abs(drawn(dtype, *shape, seed=10 * i + k)) for k in range(count)]
            parts.append(tuple(map(self.place, map(arranged, names, arrays))))
        return parts

    def check_bits(self, parts: list[Any], wanted: list[Any]) -> None:
        """Compare all tensors, bit for bit."""
        for part, other in zip(parts, wanted, strict=True):
            for data, same in zip(part, other, strict=True):
                np.testing.assert_array_equal(self.read(data), self.read(same))
