"""The course's backends: ours, a learner's own, and the kernels below them."""

# ruff: noqa: SLF001  names of the course begin with _

from typing import ClassVar

import numpy as np
import pytest

import minitorch
from minitorch import (
    CudaOps,
    FastOps,
    SimpleOps,
    TensorBackend,
    TensorData,
    TensorOps,
    cuda_ops,
    fast_ops,
    operators,
    rand,
    tensor,
    tensor_ops,
)
from minitorch.jit import cuda, njit
from mt_fast.kernels.intrinsics.instruction import INTERPRETED

needs_cuda = pytest.mark.skipif(not cuda.is_available(), reason="no GPU and no simulator of one")


class LoopOps(TensorOps):
    """What a learner writes: NumPy-free loops over storage, shape and strides."""

    calls: ClassVar[list[str]] = []

    @staticmethod
    def map(fn):
        compiled = njit(fn)

        def run(a, out=None):
            LoopOps.calls.append("map")
            out = a.zeros(a.shape) if out is None else out
            storage, shape, strides = out.tuple()
            for index in np.ndindex(*out.shape):
                at = [0] * a.dims
                minitorch.broadcast_index(index, shape, a._tensor._shape, at)
                value = compiled(a[tuple(at)])
                storage[minitorch.index_to_position(index, strides)] = value
            return out

        return run

    @staticmethod
    def zip(fn):
        compiled = njit(fn)

        def run(a, b):
            LoopOps.calls.append("zip")
            out = a.zeros(minitorch.shape_broadcast(a.shape, b.shape))
            for index in np.ndindex(*out.shape):
                one, other = [0] * a.dims, [0] * b.dims
                minitorch.broadcast_index(index, out.shape, a.shape, one)
                minitorch.broadcast_index(index, out.shape, b.shape, other)
                out[index] = compiled(a[tuple(one)], b[tuple(other)])
            return out

        return run

    @staticmethod
    def reduce(fn, start=0.0):
        compiled = njit(fn)

        def run(a, dim):
            LoopOps.calls.append("reduce")
            shape = list(a.shape)
            shape[dim] = 1
            out = a.zeros(tuple(shape))
            for index in np.ndindex(*shape):
                total = start
                for j in range(a.shape[dim]):
                    total = compiled(total, a[(*index[:dim], j, *index[dim + 1 :])])
                out[index] = total
            return out

        return run

    @staticmethod
    def matrix_multiply(a, b):
        LoopOps.calls.append("matrix_multiply")
        product = a.to_numpy() @ b.to_numpy()
        return minitorch.Tensor.make(product.reshape(-1), product.shape, backend=a.backend)


def network(x, w):
    hidden = (x @ w).relu() + (x * w.permute(1, 0).sum()).sigmoid().sum(1)
    return (hidden.exp() / (hidden.exp() + 1)).log() - (hidden < 0.5) * hidden.mean(0)


def test_a_learner_s_kernels_are_what_runs():
    own = TensorBackend(LoopOps)
    LoopOps.calls.clear()
    values = np.random.default_rng(0).uniform(0.1, 1, (3, 3)).tolist()
    results = []
    for backend in (own, minitorch.SimpleBackend):
        x, w = tensor(values, backend=backend), tensor(values, backend=backend)
        out = network(x, w)
        out.sum().backward()
        assert out.backend is backend
        results.append([t.to_numpy() for t in (out, x.grad, w.grad)])
    assert {"map", "zip", "reduce", "matrix_multiply"} <= set(LoopOps.calls)
    for mine, reference in zip(*results, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-12)
    minitorch.grad_check(network, rand((2, 2), backend=own), rand((2, 2), backend=own))


@pytest.mark.parametrize("ops", [SimpleOps, FastOps])
def test_a_map_may_go_into_a_larger_tensor(ops):
    backend = TensorBackend(ops)
    out = tensor([[0.0] * 3] * 2, backend=backend)
    assert backend.neg_map(tensor([1.0, 2.0, 3.0], backend=backend), out) is out
    assert out.to_numpy().tolist() == [[-1, -2, -3], [-1, -2, -3]]
    double = ops.map(lambda x: 2.0 * x)
    assert double(tensor([1.5], backend=backend)).item() == 3.0
    into = ops.cmap(operators.neg)
    assert into(tensor([4.0], backend=backend), tensor([0.0], backend=backend)).item() == -4.0


@pytest.mark.parametrize("ops", [SimpleOps, FastOps])
def test_a_reduction_starts_where_it_is_told_and_goes_from_front_to_back(ops):
    a = tensor([[1.0, 2.0], [3.0, 5.0]], backend=TensorBackend(ops))
    assert ops.reduce(operators.add, 10.0)(a, 0).to_numpy().tolist() == [[14, 17]]
    assert ops.reduce(operators.mul, 2.0)(a, 1).to_numpy().tolist() == [[4], [30]]
    assert ops.reduce(operators.max, 4.0)(a, 1).to_numpy().tolist() == [[4], [5]]
    horner = ops.reduce(lambda x, y: 10.0 * x + y, 0.0)
    assert horner(a, 1).to_numpy().tolist() == [[12], [35]]


def test_a_zip_broadcasts():
    a, b = tensor([[1.0], [2.0]]), tensor([10.0, 20.0])
    assert SimpleOps.zip(operators.add)(a, b).to_numpy().tolist() == [[11, 21], [12, 22]]


def test_operations_that_a_class_does_not_define_say_so():
    for make in (TensorOps.map, TensorOps.zip, TensorOps.reduce):
        with pytest.raises(NotImplementedError):
            make(operators.neg)
    with pytest.raises(NotImplementedError):
        TensorOps.matrix_multiply(rand((1, 1)), rand((1, 1)))


def test_a_backend_shows_its_operations_and_has_no_other_attributes():
    backend = TensorBackend(FastOps)
    assert repr(backend) == "TensorBackend(FastOps)"
    assert backend.cuda is FastOps.cuda is False
    assert backend.engine.name == "fast"
    with pytest.raises(AttributeError, match="no_such_map"):
        backend.no_such_map  # noqa: B018  reading it is the test


def storages(*tensors):
    return [part for t in tensors for part in t]


A = (np.arange(6.0), np.array([2, 3]), np.array([3, 1]))
TURNED = (np.arange(6.0), np.array([2, 3]), np.array([1, 2]))
ROW = (np.array([10.0, 20.0, 30.0]), np.array([3]), np.array([1]))


def layout(part):
    storage, shape, strides = part
    return np.lib.stride_tricks.as_strided(storage, shape, strides * storage.itemsize)


def empty(*shape):
    return (
        np.zeros(int(np.prod(shape))),
        np.array(shape),
        np.array(minitorch.strides_from_shape(shape)),
    )


@pytest.mark.parametrize("module", [tensor_ops, fast_ops], ids=["plain", "fast"])
@pytest.mark.parametrize("a", [A, TURNED, ROW], ids=["whole", "turned", "row"])
def test_a_kernel_maps_into_a_layout(module, a):
    out = empty(2, 3)
    module.tensor_map(operators.neg)(*storages(out, a))
    np.testing.assert_array_equal(layout(out), np.broadcast_to(-layout(a), (2, 3)))


@pytest.mark.parametrize("module", [tensor_ops, fast_ops], ids=["plain", "fast"])
def test_a_kernel_zips_two_layouts(module):
    out = empty(2, 3)
    module.tensor_zip(operators.mul)(*storages(out, TURNED, ROW))
    np.testing.assert_array_equal(layout(out), layout(TURNED) * layout(ROW))


@pytest.mark.parametrize("module", [tensor_ops, fast_ops], ids=["plain", "fast"])
@pytest.mark.parametrize("dim", [0, 1])
def test_a_kernel_folds_a_dimension_into_what_there_is(module, dim):
    shape = [2, 3]
    shape[dim] = 1
    out = empty(*shape)
    out[0][:] = 100.0
    module.tensor_reduce(operators.add)(*storages(out, TURNED), dim)
    np.testing.assert_array_equal(layout(out), 100 + layout(TURNED).sum(dim, keepdims=True))


def test_a_plain_kernel_refuses_what_does_not_broadcast():
    with pytest.raises(minitorch.IndexingError, match=r"\(2, 3\) does not broadcast to \(3,\)"):
        tensor_ops.tensor_map(operators.neg)(*storages(empty(3), A))


def test_a_compiled_kernel_multiplies_batches_and_broadcasts_one():
    a = np.arange(12.0), np.array([2, 2, 3]), np.array([6, 3, 1])
    b = np.arange(6.0), np.array([1, 3, 2]), np.array([6, 1, 3])
    out = empty(2, 2, 2)
    minitorch.tensor_matrix_multiply(*storages(out, a, b))
    np.testing.assert_allclose(layout(out), layout(a) @ layout(b))


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled in this run")
def test_compiled_kernels_tell_what_numba_made_parallel(capsys):
    kernel = fast_ops.tensor_map(operators.neg)
    kernel(*storages(empty(2, 3), A))
    kernel.parallel_diagnostics(level=3)
    assert "Parallel loop listing" in capsys.readouterr().out


@needs_cuda
def test_gpu_kernels_compute_what_plain_ones_do():
    for parts, kernel in [
        ((TURNED,), cuda_ops.tensor_map(operators.neg)),
        ((TURNED, ROW), cuda_ops.tensor_zip(operators.mul)),
    ]:
        out = empty(2, 3)
        kernel[1, 32](*out, 6, *storages(*parts))
        expected = -layout(TURNED) if len(parts) == 1 else layout(TURNED) * layout(ROW)
        np.testing.assert_array_equal(layout(out), expected)


@needs_cuda
def test_a_gpu_kernel_folds_a_dimension():
    out = empty(2, 1)
    cuda_ops.tensor_reduce(operators.add)[1, 32](*out, 2, *storages(TURNED), 1, 5.0)
    np.testing.assert_array_equal(layout(out), 5 + layout(TURNED).sum(1, keepdims=True))


@needs_cuda
def test_a_gpu_kernel_multiplies_by_tiles():
    rng = np.random.default_rng(0)
    a = rng.random(34), np.array([1, 1, 34]), np.array([34, 34, 1])
    b = rng.random(34 * 2), np.array([1, 34, 2]), np.array([68, 2, 1])
    out = empty(1, 1, 2)
    cuda_ops.tensor_matrix_multiply[(1, 1, 1), (32, 32)](*out, 2, *storages(a, b))
    np.testing.assert_allclose(layout(out), layout(a) @ layout(b))


@needs_cuda
@pytest.mark.parametrize(("size", "sums"), [(5, [5, 0]), (32, [32, 0]), (40, [32, 8])])
def test_practice_sums_blocks_of_32(size, sums):
    found = minitorch.sum_practice(tensor([1.0] * size))
    assert isinstance(found, TensorData)
    assert found._storage.tolist() == sums


@needs_cuda
def test_practice_multiplies_square_matrices():
    a, b = np.arange(9.0).reshape(3, 3), np.eye(3)[::-1]
    found = minitorch.mm_practice(tensor(a.tolist()), tensor(b.tolist()))
    assert [found._storage[3 * i + j] for i in range(3) for j in range(3)] == (
        a @ b
    ).ravel().tolist()


@needs_cuda
def test_a_layout_moves_to_the_gpu_once():
    data = TensorData([1.0, 2.0], (2,))
    data.to_cuda_()
    moved = data.data.storage
    assert not isinstance(moved, np.ndarray)
    data.to_cuda_()
    assert data.data.storage is moved
    assert [data._storage[0], data._storage[1]] == [1.0, 2.0]


@needs_cuda
def test_a_view_on_the_gpu_is_read_from_where_it_begins():
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], backend=minitorch.TensorBackend(CudaOps))
    row = TensorData.over(t.data.narrow(0, 1, 1))
    assert [row._storage[row.index((0, j))] for j in range(3)] == [4.0, 5.0, 6.0]


class OwnCudaOps(CudaOps):
    """What a learner writes for a GPU: kernels of their own, on tensors that live there."""

    launches: ClassVar[list[str]] = []

    @staticmethod
    def map(fn):
        kernel = cuda_ops.tensor_map(fn)

        def run(a, out=None):
            OwnCudaOps.launches.append("map")
            out = a.zeros(a.shape) if out is None else out
            kernel[-(-out.size // 32), 32](*out.tuple(), out.size, *a.tuple())
            return out

        return run

    @staticmethod
    def zip(fn):
        kernel = cuda_ops.tensor_zip(fn)

        def run(a, b):
            OwnCudaOps.launches.append("zip")
            out = a.zeros(minitorch.shape_broadcast(a.shape, b.shape))
            kernel[-(-out.size // 32), 32](*out.tuple(), out.size, *a.tuple(), *b.tuple())
            return out

        return run


@needs_cuda
def test_a_learner_s_gpu_kernels_are_what_runs():
    OwnCudaOps.launches.clear()
    results = []
    for backend in (TensorBackend(OwnCudaOps), minitorch.SimpleBackend):
        x = tensor([[0.5, 2.0, 3.0], [4.0, 5.0, 6.0]], backend=backend)
        w = tensor([1.0, -2.0, 0.5], backend=backend)
        out = ((x * w).sigmoid() + x.permute(1, 0).exp().permute(1, 0)).log()
        out.sum().backward()
        results.append([t.to_numpy() for t in (out, x.grad, w.grad)])
    assert {"map", "zip"} <= set(OwnCudaOps.launches)
    for mine, reference in zip(*results, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-12)
