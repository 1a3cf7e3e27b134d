"""Sharing device memory with other libraries, such as CuPy, PyTorch and Numba, without a copy.

A tensor of this backend goes to them by `__dlpack__`; `exported(tensor)` also has
`__cuda_array_interface__`. What they have becomes a tensor by `as_tensor`.

    view = cupy.from_dlpack(tensor)
    tensor = as_tensor(torch.ones(3, device="cuda"))
"""

from typing import Any

from mt_cuda.device import Device
from mt_cuda.dlpack import CUDA, capsule
from mt_tensor import Tensor, get_backend
from mt_tensor.tensor_data import TensorData

NO_ORDER = -1
"""What a consumer passes as its stream if it orders the work itself."""


class Exported:
    """A layout over device memory, as other libraries read it.

    Args:
        data: what is shared; its storage is kept for as long as it is used.
        device: whose memory it is.
    """

    __slots__ = ("_data", "_device")

    def __init__(self, data: TensorData, device: Device) -> None:
        """Share a layout."""
        self._data = data
        self._device = device

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Where the elements are: the CUDA array interface, version 3.

        Raises:
            AttributeError: the memory is the simulator's.
        """
        if self._device.place[0] != CUDA:
            message = "the simulator's memory is the host's: it has no CUDA array interface"
            raise AttributeError(message)
        dtype = self._data.dtype
        return {
            "shape": self._data.shape,
            "strides": tuple(step * dtype.itemsize for step in self._data.strides),
            "typestr": dtype.str,
            "data": (self._address() if self._data.size else 0, False),
            "version": 3,
            "stream": self._device.stream_handle,
        }

    def __dlpack__(self, *, stream: int | None = None, **_options: Any) -> Any:
        """Return a capsule; the consumer's stream waits for the work so far."""
        if stream != NO_ORDER:
            self._device.order(stream or 1)
        return capsule(
            self._address(),
            self._data.shape,
            self._data.strides,
            dtype=self._data.dtype,
            device=self._device.place,
            owner=self._data.storage,
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        """Name the device as the protocol does."""
        return self._device.place

    def _address(self) -> int:
        skipped = self._data.offset * self._data.dtype.itemsize
        return self._device.address(self._data.storage) + skipped


def exported(tensor: Tensor) -> Any:
    """Return an object with `__dlpack__` and `__cuda_array_interface__` over a tensor's memory."""
    return tensor.backend.exported(tensor.data)


def as_tensor(source: Any) -> Tensor:
    """Return a tensor over the memory of an array of another library, on the same device.

    Args:
        source: has `__dlpack__` or `__cuda_array_interface__`.

    Raises:
        DTypeError: its elements are of a type that tensors do not hold.
        BackendError: it is not in the memory of this device.
    """
    backend: Any = get_backend("cuda")
    return Tensor(backend.imported(source), backend)
