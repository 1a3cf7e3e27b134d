"""What the pages and the smaller scripts of the course do with the library, as they are written."""

import inspect
import random

import numba
import numpy as np
import pytest
from numba import njit

import minitorch
import minitorch.fast_ops
from minitorch import operators
from minitorch.tensor_data import TensorData
from mt_fast.kernels.intrinsics.instruction import INTERPRETED

FAST = minitorch.TensorBackend(minitorch.FastOps)


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")
def test_the_diagnostics_script_compiles_first_and_asks_afterwards(capsys):
    tmap = minitorch.fast_ops.tensor_map(njit()(minitorch.operators.id))
    out, a = minitorch.zeros((10,)), minitorch.zeros((10,))
    tmap(*out.tuple(), *a.tuple())
    tzip = minitorch.fast_ops.tensor_zip(njit()(minitorch.operators.eq))
    out, a, b = minitorch.zeros((10,)), minitorch.zeros((10,)), minitorch.zeros((10,))
    tzip(*out.tuple(), *a.tuple(), *b.tuple())
    assert out[3] == 1.0
    treduce = minitorch.fast_ops.tensor_reduce(njit()(minitorch.operators.add))
    out, a = minitorch.zeros((1,)), minitorch.tensor([1.0] * 10)
    treduce(*out.tuple(), *a.tuple(), 0)
    assert out[0] == 10.0
    tmm = minitorch.fast_ops.tensor_matrix_multiply
    out, a, b = (minitorch.zeros(shape) for shape in ((1, 10, 10), (1, 10, 20), (1, 20, 10)))
    tmm(*out.tuple(), *a.tuple(), *b.tuple())
    for kernel in (tmap, tzip, treduce, tmm):
        kernel.parallel_diagnostics(level=3)
    assert capsys.readouterr().out.count("Parallel loop listing") == 4


@pytest.mark.parametrize("ops", [minitorch.SimpleOps, minitorch.FastOps, minitorch.CudaOps])
def test_a_function_that_is_compiled_already_is_taken(ops):
    if ops is minitorch.CudaOps and not numba.cuda.is_available():
        pytest.skip("no GPU and no simulator of one")
    backend = minitorch.TensorBackend(ops)
    t = minitorch.tensor([1.5, 2.0, -3.0], backend=backend)
    triple = ops.map(njit()(lambda x: 3.0 * x))
    assert triple(t).to_numpy().tolist() == [4.5, 6.0, -9.0]
    assert ops.zip(njit()(operators.mul))(t, t).to_numpy().tolist() == [2.25, 4.0, 9.0]
    assert ops.reduce(njit()(operators.add), 1.0)(t, 0).to_numpy().tolist() == [1.5]


def test_the_page_of_strides_walks_a_tensor_by_lists():
    tensor = TensorData(np.arange(24.0), (2, 3, 4))
    out_index = [0, 0, 0]
    for position in range(tensor.size):
        minitorch.to_index(position, tensor.shape, out_index)
        assert minitorch.index_to_position(out_index, tensor.strides) == position
    assert "def to_index" in inspect.getsource(minitorch.to_index)
    with pytest.raises(AssertionError, match="a storage of 24 elements for shape"):
        minitorch.Tensor.make(np.arange(24.0), (5, 5), backend=minitorch.SimpleBackend)
    made = minitorch.Tensor.make(np.arange(24.0), (4, 6), backend=minitorch.SimpleBackend)
    turned = made._tensor.permute(1, 0)  # noqa: SLF001  as the page reads it
    assert (turned.shape, turned.strides) == ((6, 4), (1, 6))


@pytest.mark.parametrize(
    ("name", "base", "function"),
    minitorch.MathTestVariable._comp_testing()[0],  # noqa: SLF001  as the page reads it
)
def test_the_page_of_functions_plots_each_with_its_derivative(name, base, function):
    for value in (0.5, 1.25):
        x = minitorch.Scalar(value)
        out = function(x)
        out.backward()
        assert out.data == pytest.approx(base(value), rel=1e-9, abs=1e-9), name
        difference = minitorch.central_difference(base, value)
        assert x.derivative == pytest.approx(difference, abs=1e-4)
        t = minitorch.tensor([value], requires_grad=True)
        function(t).backward(minitorch.tensor([1]))
        assert t.derivative[0] == pytest.approx(x.derivative, rel=1e-9, abs=1e-12)


def test_the_page_of_graphs_follows_histories_by_name():
    x, y = minitorch.Scalar(2.0, name="x"), minitorch.Scalar(3.0, name="y")
    out = (x * x) * y + 10.0 * x
    seen, queue = [], [out]
    while queue:
        variable = queue.pop(0)
        if not variable.is_constant() and not variable.is_leaf():
            seen.append(variable.history.last_fn.__name__.lower())
            queue.extend(variable.history.inputs)
    assert seen == ["add", "mul", "mul", "mul"]
    t = minitorch.tensor([1.0, 2.0])
    assert (t * 2).sum().history.last_fn.__name__ == "Sum"


def test_the_page_of_modules_reads_the_registries():
    class Leaf(minitorch.Module):
        def __init__(self):
            super().__init__()
            self.weight = minitorch.Parameter(1.0)

    class Tree(minitorch.Module):
        def __init__(self):
            super().__init__()
            self.bias = minitorch.Parameter(2.0)
            self.leaf = Leaf()

    tree = Tree()
    assert list(tree.__dict__["_parameters"]) == ["bias"]
    assert list(tree.__dict__["_modules"]) == ["leaf"]
    assert [name for name, _ in tree.named_parameters()] == ["bias", "leaf.weight"]


def test_the_first_project_separates_by_hand_chosen_weights():
    class Network(minitorch.Module):
        def __init__(self):
            super().__init__()
            self.linear = Linear()

        def forward(self, x):
            return minitorch.operators.sigmoid(self.linear(*x))

    class Linear(minitorch.Module):
        def __init__(self):
            super().__init__()
            self.w1 = minitorch.Parameter(-10)
            self.w2 = minitorch.Parameter(0)
            self.bias = minitorch.Parameter(5)

        def forward(self, x1, x2):
            return x1 * self.w1.value + x2 * self.w2.value + self.bias.value

    random.seed(0)
    data = minitorch.datasets["Simple"](50)
    model = Network()
    assert (
        sum((model.forward(x) > 0.5) == (y == 1) for x, y in zip(data.X, data.y, strict=True)) == 50
    )
