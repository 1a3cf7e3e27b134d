"""Operations that move no element, or only copy: each is its own layout, each has an adjoint."""

from typing import TYPE_CHECKING, Any, TypeVar

from mt_autodiff import Context, Function
from mt_operators import identity
from mt_tensor.defaults.elementwise import copied
from mt_tensor.errors import ShapeError
from mt_tensor.functions.rule import DataRule, Shares, recorded
from mt_tensor.layout import Shape, broadcast_shapes, contiguous_strides, infer_shape
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase
    from mt_tensor.dtypes import DType
    from mt_tensor.functions.indexing import Selection
    from mt_tensor.tensor import Tensor

T = TypeVar("T", bound="TensorBase")


class Permute(DataRule):
    """Reordered dimensions."""

    __name__ = "Permute"

    def shares(
        self,
        inputs: tuple[Any, ...],
        saved: Any,
        grad: TensorData,
        backend: "Backend",  # noqa: ARG002  moves nothing
    ) -> Shares:
        """Reorder back."""
        inverse = tuple(sorted(range(len(saved)), key=saved.__getitem__))
        return [(inputs[0], grad.permute(inverse))]


PERMUTE = Permute()


def permute(a: T, order: tuple[int, ...]) -> T:
    """Make dimension `d` of a view dimension `order[d]` of `a`, and record it."""
    return recorded(PERMUTE, a.data.permute(order), (a,), order)


class View(DataRule):
    """The same storage, read with another shape."""

    __name__ = "View"

    def shares(
        self,
        inputs: tuple[Any, ...],
        saved: Any,  # noqa: ARG002  the input tells its shape
        grad: TensorData,
        backend: "Backend",
    ) -> Shares:
        """Give the gradient the shape of the input."""
        shape = inputs[0].data.shape
        data = grad.view(shape)
        if data is None:
            copied = backend.elementwise(identity, grad)
            data = copied.restrided(shape, contiguous_strides(shape))
        return [(inputs[0], data)]


VIEW = View()


def view(a: T, shape: Shape) -> T:
    """Return a view of that shape, and record it.

    Raises:
        ShapeError: the sizes differ, or the strides do not allow it.
    """
    shape = infer_shape("view", a.shape, shape)
    data = a.data.view(shape)
    if data is None:
        message = (
            f"view: {a.shape} with strides {a.data.strides} cannot be {shape} without moving "
            "elements; use reshape, or contiguous() first"
        )
        raise ShapeError(message)
    return recorded(VIEW, data, (a,), ())


class Expand(Function):
    """Stretch dimensions of size 1: a view of stride 0."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, shape: Shape) -> Any:  # noqa: ARG004  nothing to save
        """Return a view of that shape.

        Raises:
            ShapeError: the shape does not stretch to it.
        """
        if broadcast_shapes("expand", a.shape, shape) != shape:
            message = f"expand: {a.shape} does not stretch to {shape}"
            raise ShapeError(message)
        return a._new(a.data.expand(shape))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:  # noqa: ARG004
        """Pass it on: the engine sums it back to the input's shape."""
        return grad_output


class Copy(Function):
    """Copy into row-major order, or to another dtype."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, dtype: "DType") -> Any:  # noqa: ARG004
        """Return the same elements in storage of their own."""
        return a._new(copied(a.backend, a.data, dtype))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:  # noqa: ARG004
        """Pass it on: the engine brings it to the input's dtype."""
        return grad_output


class Restride(Function):
    """The view that basic indexing selects; its adjoint writes into zeros."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, selection: "Selection") -> Any:
        """Return the view."""
        ctx.shape = a.shape
        ctx.selection = selection
        return a._new(selection.view(a.data))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Put each gradient where its element was taken from."""
        backend = grad_output.backend
        out = backend.full(ctx.shape, 0.0, grad_output.dtype)
        backend.map(identity, ctx.selection.view(out), grad_output.data)
        return grad_output._new(out)
