"""Every name that code written for the course may use: it is there, and takes what it must take.

`course_names.txt` lists them, one a line: `module.name`, a method as `module.Class.name`, with its
parameters where it is called, marked as a field or a property where it is read from an instance.
"""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import minitorch
import mt_autodiff
import mt_operators
import mt_tensor

NAMES = Path(__file__).with_name("course_names.txt").read_text().split("\n")[:-1]

INSTANCES = {
    "Module": minitorch.Module,
    "Graph": lambda: minitorch.datasets["Xor"](3),
    "Context": minitorch.Context,
    "ScalarHistory": minitorch.ScalarHistory,
    "Scalar": lambda: minitorch.Scalar(1.0),
    "TensorData": lambda: minitorch.TensorData([1.0, 2.0], (2,)),
    "History": minitorch.History,
    "Tensor": lambda: minitorch.tensor([1.0, 2.0]),
}

TOP_LEVEL = [
    "Add",
    "All",
    "Context",
    "Conv1dFun",
    "Conv2dFun",
    "Copy",
    "CudaOps",
    "EQ",
    "Exp",
    "FastOps",
    "Function",
    "Graph",
    "History",
    "Index",
    "IndexingError",
    "Inv",
    "IsClose",
    "LT",
    "Log",
    "MAX_DIMS",
    "MapProto",
    "MatMul",
    "MathTest",
    "MathTestVariable",
    "Max",
    "Module",
    "Mul",
    "Neg",
    "Optimizer",
    "OutIndex",
    "Parameter",
    "Permute",
    "ReLU",
    "SGD",
    "Scalar",
    "ScalarFunction",
    "ScalarHistory",
    "ScalarLike",
    "Shape",
    "Sigmoid",
    "SimpleBackend",
    "SimpleOps",
    "Storage",
    "Strides",
    "Sum",
    "THREADS_PER_BLOCK",
    "Tensor",
    "TensorBackend",
    "TensorData",
    "TensorLike",
    "TensorOps",
    "UserIndex",
    "UserShape",
    "UserStrides",
    "Variable",
    "View",
    "argmax",
    "autodiff",
    "avgpool2d",
    "backpropagate",
    "broadcast_index",
    "central_difference",
    "circle",
    "conv1d",
    "conv2d",
    "cuda_conv",
    "cuda_ops",
    "datasets",
    "derivative_check",
    "device_jit",
    "diag",
    "dropout",
    "fast_conv",
    "fast_ops",
    "grad_central_difference",
    "grad_check",
    "index_to_position",
    "jit_mm_practice",
    "jit_sum_practice",
    "logsoftmax",
    "make_pts",
    "max",
    "max_reduce",
    "maxpool2d",
    "mm_practice",
    "module",
    "modules",
    "njit",
    "nn",
    "operators",
    "optim",
    "prod",
    "rand",
    "scalar",
    "scalar_functions",
    "scalar_modules",
    "shape_broadcast",
    "simple",
    "softmax",
    "spiral",
    "split",
    "strides_from_shape",
    "sum_practice",
    "tensor",
    "tensor_conv1d",
    "tensor_conv2d",
    "tensor_data",
    "tensor_functions",
    "tensor_map",
    "tensor_matrix_multiply",
    "tensor_ops",
    "tensor_reduce",
    "tensor_zip",
    "testing",
    "tile",
    "to_index",
    "topological_sort",
    "unwrap_tuple",
    "version",
    "wrap_tuple",
    "xor",
    "zeros",
]


def parameters(obj):
    """List the parameters of a function, compiled or not."""
    return inspect.signature(getattr(obj, "py_func", obj)).parameters


def resolve(path):
    module, *rest = path.split(".")
    found = import_module(f"minitorch.{module}")
    for name in rest:
        found = (
            inspect.getattr_static(found, name) if inspect.isclass(found) else getattr(found, name)
        )
    return getattr(found, "__func__", found)


@pytest.mark.parametrize("line", NAMES)
def test_a_name_of_the_course_is_there(line):
    path, _, kind = line.partition(" ")
    path, _, arguments = line.partition("(") if "(" in line else (path, "", "")
    if kind in {"field", "property"}:
        _, cls, name = path.split(".")
        made = INSTANCES.get(cls)
        owner = made() if made else getattr(import_module(f"minitorch.{path.split('.')[0]}"), cls)
        assert hasattr(owner, name)
        return
    found = resolve(path)
    assert found is not None
    if arguments and callable(found):
        check_parameters(path, found, arguments.rstrip(")"))


def check_parameters(path, found, listed):
    wanted = [name.strip() for name in listed.split(",") if name.strip() not in {"", "/"}]
    have = parameters(found)
    kinds = {p.kind for p in have.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds or path.split(".")[-1].startswith("__"):
        required = [p for p in have.values() if p.default is p.empty and "VAR" not in p.kind.name]
        assert len(required) <= len(wanted), f"it takes {have}"
        return
    names = [name for name in have if name not in {"self", "cls"}]
    expected = [name.lstrip("*") for name in wanted if name not in {"self", "cls"}]
    assert names[: len(expected)] == expected
    assert all(have[name].default is not inspect.Parameter.empty for name in names[len(expected) :])


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_a_name_of_the_package_is_there(name):
    if not hasattr(minitorch, name):
        import_module(f"minitorch.{name}")
    assert hasattr(minitorch, name)


@pytest.mark.parametrize("name", ["tensor_map", "tensor_zip", "tensor_reduce", "SimpleOps"])
def test_kernels_without_a_prefix_are_the_plain_ones(name):
    assert getattr(minitorch, name) is getattr(import_module("minitorch.tensor_ops"), name)


@pytest.mark.parametrize("name", ["to_index", "index_to_position", "broadcast_index"])
def test_index_arithmetic_without_a_prefix_is_the_plain_one(name):
    found = getattr(minitorch, name)
    assert found is getattr(import_module("minitorch.tensor_data"), name)
    assert inspect.getsource(found).startswith(f"def {name}(")


@pytest.mark.parametrize(
    "name", ["Add", "Mul", "Inv", "Neg", "Log", "Exp", "ReLU", "Sigmoid", "LT", "EQ"]
)
def test_functions_without_a_prefix_are_those_of_tensors(name):
    assert getattr(minitorch, name) is getattr(import_module("minitorch.tensor_functions"), name)
    assert issubclass(getattr(minitorch.scalar_functions, name), minitorch.ScalarFunction)


def test_max_is_that_of_tensors_and_tensor_makes_one():
    assert minitorch.max is import_module("minitorch.nn").max
    assert minitorch.tensor([1.0]).shape == (1,)
    assert import_module("minitorch.tensor").Tensor is minitorch.Tensor
    assert isinstance(minitorch.datasets, dict)
    assert minitorch.version == "0.4"


def test_the_course_adds_no_second_engine():
    assert issubclass(minitorch.Tensor, mt_tensor.Tensor)
    assert issubclass(minitorch.Scalar, mt_autodiff.Scalar)
    assert issubclass(minitorch.Function, mt_autodiff.Function)
    assert issubclass(minitorch.Module, mt_operators.Module)
    assert minitorch.operators.add is mt_operators.add.forward
