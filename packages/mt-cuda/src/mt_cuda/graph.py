"""A CUDA graph: launches that the driver knows beforehand, and starts by one call.

A launch costs the host about 2 us, and the GPU waits for it where kernels are short. The graph is
built of its launches as a chain, each after the one before, as the stream would run them. Arguments
are copied into it, so another launch can take the place of one without building it again.
"""

import ctypes
from collections.abc import Sequence
from typing import Any
from weakref import finalize

import numpy as np
from cuda.bindings import driver  # type: ignore[import-untyped]

from mt_cuda.driver_errors import check
from mt_cuda.journal import Launch

WIDTHS: dict[type, Any] = {
    int: ctypes.c_int64,
    np.int32: ctypes.c_int32,
    np.uint32: ctypes.c_uint32,
    np.float32: ctypes.c_float,
    np.float64: ctypes.c_double,
}
"""How the driver takes a number that a launcher has prepared."""


class CudaGraph:
    """Launches that are started together.

    Args:
        stream: where it runs.
        launches: in order; whoever builds the graph keeps the memory that they use.

    Raises:
        BackendError: the driver refuses it.
    """

    __slots__ = ("__weakref__", "_executable", "_nodes", "_stream")

    def __init__(self, stream: Any, launches: Sequence[Launch]) -> None:
        """Build a chain of kernel nodes."""
        self._stream = stream
        error, graph = driver.cuGraphCreate(0)
        check(error, "making a graph")
        self._nodes: list[Any] = []
        for launch in launches:
            after = self._nodes[-1:]
            error, node = driver.cuGraphAddKernelNode(graph, after, len(after), parameters(launch))
            check(error, "adding a kernel to a graph")
            self._nodes.append(node)
        error, self._executable = driver.cuGraphInstantiate(graph, 0)
        check(error, "preparing a graph")
        finalize(self, _destroy, stream, self._executable, graph).atexit = False

    def run(self) -> None:
        """Put the graph into the stream."""
        (error,) = driver.cuGraphLaunch(self._executable, int(self._stream.handle))
        check(error, "starting a graph")

    def replace(self, i: int, launch: Launch) -> None:
        """Give a node other arguments; runs that were started before keep theirs."""
        (error,) = driver.cuGraphExecKernelNodeSetParams(
            self._executable, self._nodes[i], parameters(launch)
        )
        check(error, "changing a kernel of a graph")


def parameters(launch: Launch) -> Any:
    """Return a launch as the driver describes a node."""
    launcher: Any = launch.launcher
    node = driver.CUDA_KERNEL_NODE_PARAMS()
    node.kern = launcher.handle
    node.gridDimX, node.gridDimY, node.gridDimZ = launch.grid
    node.blockDimX, node.blockDimY, node.blockDimZ = launcher.threads
    node.sharedMemBytes = 0
    node.kernelParams = packed(launch.pointers, launch.prepared)
    return node


def packed(pointers: Sequence[int], numbers: Sequence[Any]) -> tuple[Any, Any]:
    """Return the values of arguments, and the C type of each."""
    kinds = (*[ctypes.c_void_p] * len(pointers), *[WIDTHS[type(number)] for number in numbers])
    plain = [number.item() if isinstance(number, np.generic) else number for number in numbers]
    return (*pointers, *plain), kinds


def _destroy(stream: Any, executable: Any, graph: Any) -> None:
    """Give a graph back, when its last run is over."""
    stream.sync()
    driver.cuGraphExecDestroy(executable)
    driver.cuGraphDestroy(graph)
