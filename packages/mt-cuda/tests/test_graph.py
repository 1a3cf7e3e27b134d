"""The graph of the driver, which no test has: a driver that writes down what it is told."""

import gc
from types import SimpleNamespace

import numpy as np
import pytest

from mt_cuda.journal import Launch
from mt_tensor.errors import BackendError

graph = pytest.importorskip("mt_cuda.graph", reason="needs cuda-bindings")

SUCCESS, FAILURE = 0, 719


class Result(int):
    name = "CUDA_ERROR_OF_THE_TEST"


class Driver:
    """Makes graphs of lists; executes by writing down."""

    CUDA_KERNEL_NODE_PARAMS = SimpleNamespace

    def __init__(self):
        self.ran = []
        self.answer = SUCCESS
        self.alive = 0

    def cuGraphCreate(self, flags):  # noqa: N802  the driver's name
        self.alive += 1
        return Result(self.answer), []

    def cuGraphAddKernelNode(self, nodes, after, count, node):  # noqa: N802
        assert after == nodes[-1:]
        assert count == len(after)
        nodes.append(len(nodes))
        self.described = [*getattr(self, "described", []), node]
        return Result(self.answer), nodes[-1]

    def cuGraphInstantiate(self, nodes, flags):  # noqa: N802
        self.alive += 1
        return Result(self.answer), list(self.described)

    def cuGraphLaunch(self, executable, stream):  # noqa: N802
        self.ran.append((stream, [node.kernelParams[0] for node in executable]))
        return (Result(self.answer),)

    def cuGraphExecKernelNodeSetParams(self, executable, i, node):  # noqa: N802
        executable[i] = node
        return (Result(self.answer),)

    def cuGraphExecDestroy(self, executable):  # noqa: N802
        self.alive -= 1

    def cuGraphDestroy(self, nodes):  # noqa: N802
        self.alive -= 1


class Stream:
    handle = 77

    def __init__(self):
        self.waits = 0

    def sync(self):
        self.waits += 1


@pytest.fixture
def driver(monkeypatch):
    driver = Driver()
    monkeypatch.setattr(graph, "driver", driver)
    return driver


def launch(*numbers):
    launcher = SimpleNamespace(handle="kernel", threads=(256, 1, 1))
    return Launch(launcher, (3, 2, 1), (4096, 8192), numbers)


def test_launches_become_a_chain_that_is_started_at_once(driver):
    chain = graph.CudaGraph(Stream(), [launch(1), launch(np.float32(0.5)), launch()])
    chain.run()
    chain.run()
    assert driver.ran == [(77, [(4096, 8192, 1), (4096, 8192, 0.5), (4096, 8192)])] * 2
    node = driver.described[0]
    assert (node.kern, node.sharedMemBytes) == ("kernel", 0)
    assert (node.gridDimX, node.gridDimY, node.gridDimZ) == (3, 2, 1)
    assert (node.blockDimX, node.blockDimY, node.blockDimZ) == (256, 1, 1)


def test_another_launch_takes_the_place_of_one(driver):
    chain = graph.CudaGraph(Stream(), [launch(1), launch(2)])
    chain.replace(1, launch(3))
    chain.run()
    assert driver.ran == [(77, [(4096, 8192, 1), (4096, 8192, 3)])]


def test_numbers_have_the_width_of_their_type():
    numbers = (7, np.int32(-8), np.uint32(9), np.float32(0.5), np.float64(0.25))
    values, kinds = graph.packed((4096,), numbers)
    assert values == (4096, 7, -8, 9, 0.5, 0.25)
    assert kinds[0].__name__ == "c_void_p"
    sizes = [graph.ctypes.sizeof(kind) for kind in kinds]
    assert sizes == [8, 8, 4, 4, 4, 8]
    assert all(type(value) in {int, float} for value in values)


def test_a_graph_is_given_back_when_its_last_run_is_over(driver):
    stream = Stream()
    chain = graph.CudaGraph(stream, [launch(1)])
    assert (driver.alive, stream.waits) == (2, 0)
    del chain
    gc.collect()
    assert (driver.alive, stream.waits) == (0, 1)


def test_what_the_driver_refuses_is_an_error(driver):
    chain = graph.CudaGraph(Stream(), [launch(1)])
    driver.answer = FAILURE
    with pytest.raises(BackendError, match="starting a graph failed: CUDA_ERROR_OF_THE_TEST"):
        chain.run()
    with pytest.raises(BackendError, match="changing a kernel of a graph failed"):
        chain.replace(0, launch(2))
    with pytest.raises(BackendError, match="making a graph failed"):
        graph.CudaGraph(Stream(), [])


def test_nodes_are_described_as_the_bindings_have_it():
    """Whatever the driver would say: the real structure takes these values."""
    bindings = pytest.importorskip("cuda.bindings.driver")
    numbers = (7, np.uint32(9), np.float32(0.5))
    one = Launch(
        SimpleNamespace(handle=bindings.CUkernel(5), threads=(8, 4, 2)), (3, 2, 1), (1,), numbers
    )
    node = graph.parameters(one)
    assert isinstance(node, bindings.CUDA_KERNEL_NODE_PARAMS)
    assert (node.gridDimX, node.gridDimY, node.gridDimZ) == (3, 2, 1)
    assert (node.blockDimX, node.blockDimY, node.blockDimZ) == (8, 4, 2)
    assert int(node.kern) == 5
