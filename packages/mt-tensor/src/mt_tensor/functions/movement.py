"""Operations that move no element, or only copy: each is its own layout, each has an adjoint."""

from typing import TYPE_CHECKING, Any

from mt_autodiff import Context, Function
from mt_operators import identity
from mt_tensor.errors import ShapeError
from mt_tensor.layout import Shape, broadcast_shapes, infer_shape

if TYPE_CHECKING:
    from mt_tensor.dtypes import DType
    from mt_tensor.functions.indexing import Selection
    from mt_tensor.tensor import Tensor


class Permute(Function):
    """Reorder dimensions: a view."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, order: tuple[int, ...]) -> Any:
        """Make dimension `d` of the result dimension `order[d]` of `a`."""
        ctx.order = order
        return a._new(a.data.permute(order))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Reorder back."""
        inverse = tuple(sorted(range(len(ctx.order)), key=ctx.order.__getitem__))
        return grad_output._new(grad_output.data.permute(inverse))


class View(Function):
    """Read the same storage with another shape."""

    @staticmethod
    def forward(ctx: Context, a: "Tensor", *, shape: Shape) -> Any:
        """Return a view of that shape.

        Raises:
            ShapeError: the sizes differ, or the strides do not allow it.
        """
        shape = infer_shape("view", a.shape, shape)
        ctx.shape = a.shape
        data = a.data.view(shape)
        if data is None:
            message = (
                f"view: {a.shape} with strides {a.data.strides} cannot be {shape} without moving "
                "elements; use reshape, or contiguous() first"
            )
            raise ShapeError(message)
        return a._new(data)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> Any:
        """Give the gradient the shape of the input."""
        data = grad_output.data.view(ctx.shape)
        return grad_output.reshape(ctx.shape) if data is None else grad_output._new(data)


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
        out = a.backend.allocate(a.shape, dtype)
        a.backend.map(identity, out, a.data)
        return a._new(out)

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
