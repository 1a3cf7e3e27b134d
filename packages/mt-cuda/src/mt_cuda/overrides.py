"""What a network needs beyond the four kernels, each in a launch or two of its own.

Every method has a default in `mt_tensor`, which is taken where a kernel does not fit: for layouts
that no kernel handles, and for tensors of 2^31 elements.
"""

from typing import Any

from mt_cuda import convolution, dropout, gathering, normalization, optimization, pooling, rows
from mt_cuda.kernels.convolution import Filter
from mt_cuda.kernels.descent import ADAM
from mt_cuda.kernels.indexing import LIMIT
from mt_cuda.kernels.pooling import Window
from mt_cuda.launchers import Launchers
from mt_cuda.reduction import Reduction
from mt_operators import identity
from mt_tensor.backend import Backend, Pair, Positions
from mt_tensor.defaults.convolution import add_bias, sum_to_bias
from mt_tensor.tensor_data import TensorData


class Overrides(Backend):
    """The methods of a backend that have a default, on the device."""

    _launchers: Launchers
    _sums: Reduction

    def gather(self, out: TensorData, a: TensorData, positions: Positions) -> None:
        """Set each element of a contiguous `out` to `a.storage[position]`, on the device."""
        gathering.gather(self._launchers, out, a, positions)

    def scatter(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Set each `out.storage[position]` to an element of `a`; the last one stays."""
        gathering.scatter(self._launchers, out, positions, self._contiguous(a))

    def scatter_add(self, out: TensorData, positions: Positions, a: TensorData) -> None:
        """Add each element of `a` to `out.storage[position]`; positions may repeat."""
        gathering.scatter_add(self._launchers, out, positions, self._contiguous(a))

    def take_rows(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read rows of a table, in one launch."""
        if out.size < LIMIT:
            rows.take_rows(self._launchers, out, a, index)
        else:
            super().take_rows(out, a, index)

    def add_rows(self, out: TensorData, index: TensorData, a: TensorData) -> None:
        """Add rows to a table in their order, in one launch where they are few."""
        if index.size <= rows.MOST_ROWS and a.size < LIMIT:
            rows.add_rows(self._launchers, out, index, a)
        else:
            super().add_rows(out, index, a)

    def pick(self, out: TensorData, a: TensorData, index: TensorData) -> None:
        """Read one element of each row, in one launch."""
        rows.pick(self._launchers, out, a, index)

    def pick_by_input(self, out: TensorData, grad: TensorData, index: TensorData) -> None:
        """Pull a gradient back through `pick`, in one launch."""
        if out.size < LIMIT:
            rows.pick_by_input(self._launchers, out, grad, index)
        else:
            super().pick_by_input(out, grad, index)

    def conv2d(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        x: TensorData,
        weight: TensorData,
        bias: TensorData | None,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Correlate images with kernels, directly where these are small."""
        if convolution.is_direct(out, weight):
            shape = Filter(_pair(weight), stride, padding)
            convolution.conv2d(self._launchers, out, x, weight, shape)
            add_bias(self, out, bias)
        else:
            super().conv2d(out, x, weight, bias, stride, padding)

    def conv2d_by_input(
        self, out: TensorData, grad: TensorData, weight: TensorData, stride: Pair, padding: Pair
    ) -> None:
        """Pull a gradient back through `conv2d` to its images."""
        if convolution.is_direct(out, weight):
            shape = Filter(_pair(weight), stride, padding)
            convolution.conv2d_by_input(self._launchers, out, grad, weight, shape)
        else:
            super().conv2d_by_input(out, grad, weight, stride, padding)

    def conv2d_by_weight(  # noqa: PLR0913, PLR0917  what a convolution is given
        self,
        out: TensorData,
        bias: TensorData | None,
        grad: TensorData,
        x: TensorData,
        stride: Pair,
        padding: Pair,
    ) -> None:
        """Pull a gradient back through `conv2d` to its kernels, and to a bias if there is one."""
        if convolution.is_direct(grad, out):
            sum_to_bias(self, bias, grad)
            shape = Filter(_pair(out), stride, padding)
            convolution.conv2d_by_weight(self._launchers, self._sums, out, (grad, x), shape)
        else:
            super().conv2d_by_weight(out, bias, grad, x, stride, padding)

    def avg_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Average over windows, in one launch."""
        pooling.avg_pool2d(self._launchers, out, x, kernel, stride)

    def avg_pool2d_by_input(
        self, out: TensorData, grad: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `avg_pool2d`, in one launch."""
        pooling.avg_pool2d_by_input(self._launchers, out, grad, kernel, stride)

    def max_pool2d(self, out: TensorData, x: TensorData, kernel: Pair, stride: Pair) -> None:
        """Take the maximum over windows, in one launch."""
        pooling.max_pool2d(self._launchers, out, x, kernel, stride)

    def max_pool2d_by_input(
        self, out: TensorData, grad: TensorData, x: TensorData, kernel: Pair, stride: Pair
    ) -> None:
        """Pull a gradient back through `max_pool2d`, in one launch."""
        window = Window(kernel, stride)
        pooling.max_pool2d_by_input(self._launchers, out, grad, x, window)

    def log_softmax(self, out: TensorData, x: TensorData, axis: int) -> None:
        """Normalise exponentials along an axis, in one launch."""
        normalization.log_softmax(self._launchers, out, x, axis)

    def log_softmax_by_input(
        self, out: TensorData, grad: TensorData, y: TensorData, axis: int
    ) -> None:
        """Pull a gradient back through `log_softmax`, of which `y` is the result."""
        normalization.log_softmax_by_input(self._launchers, out, grad, y, axis)

    def dropout(self, out: TensorData, a: TensorData, p: float, key: int) -> None:
        """Drop what the key decides, in one launch where both tensors are contiguous."""
        if out.size >= LIMIT:
            super().dropout(out, a, p, key)
        elif out.contiguous:
            dropout.dropout(self._launchers, out, self._contiguous(a), p, key)
        else:
            dense = self.allocate(out.shape, out.dtype)
            dropout.dropout(self._launchers, dense, self._contiguous(a), p, key)
            self.map(identity, out, dense)

    def sgd_step(
        self, value: TensorData, grad: TensorData, velocity: TensorData | None, **rates: Any
    ) -> None:
        """Update a parameter and its velocity in place, in one launch where they lie alike."""
        moving = () if velocity is None else (velocity,)
        if optimization.fits(value, *moving, grad):
            rule = optimization.sgd_rule(moving=bool(moving), nesterov=rates["nesterov"])
            numbers = optimization.sgd_numbers(rule, **rates)
            optimization.run(self._launchers, rule, (value, *moving, grad), numbers)
        else:
            super().sgd_step(value, grad, velocity, **rates)

    def adam_step(
        self,
        value: TensorData,
        grad: TensorData,
        mean: TensorData,
        square: TensorData,
        **rates: Any,
    ) -> None:
        """Update a parameter and its moments in place, in one launch where they lie alike."""
        tensors = value, mean, square, grad
        if optimization.fits(*tensors):
            optimization.run(self._launchers, ADAM, tensors, optimization.adam_numbers(**rates))
        else:
            super().adam_step(value, grad, mean, square, **rates)

    def _contiguous(self, a: TensorData) -> TensorData:
        if a.contiguous:
            return a
        out = self.allocate(a.shape, a.dtype)
        self.map(identity, out, a)
        return out


def _pair(weight: TensorData) -> Pair:
    """Return the height and the width of kernels (O, C, KH, KW)."""
    _, _, height, width = weight.shape
    return height, width
