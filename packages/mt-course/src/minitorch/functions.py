"""Functions of tensors, each with its backward, by what a `TensorBackend` offers.

A dimension, an order or a shape comes to a function as a tensor of numbers, to which no gradient
flows: its backward returns 0.0 for it.
"""

# ruff: noqa: D101, D102, SLF001  each is one formula; `_tensor` is the course's name

from typing import TYPE_CHECKING, Any

import mt_autodiff
from minitorch import autodiff
from mt_autodiff import Context, History, mode, no_grad
from mt_tensor.layout import infer_shape

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def wrap_tuple(x: Any) -> tuple[Any, ...]:
    """Make a tuple of what is not one."""
    return x if isinstance(x, tuple) else (x,)


class Function(mt_autodiff.Function):
    """A function of tensors; subclass it with `forward` and `backward`, both static.

    `forward(ctx, *tensors)` returns a tensor; `backward(ctx, grad_output)` returns the gradient by
    each input: a tensor, or a tuple of tensors and numbers.
    """

    @classmethod
    def _forward(cls, ctx: Context, *inps: Any) -> Any:
        return cls.forward(ctx, *inps)

    @classmethod
    def _backward(cls, ctx: Context, grad_out: Any) -> tuple[Any, ...]:
        return wrap_tuple(cls.backward(ctx, grad_out))

    @classmethod
    def apply(cls, *vals: Any) -> "Tensor":
        """Call it on tensors, and record the call if a gradient may flow."""
        record = mode.recording and any(v.requires_grad for v in vals)
        ctx = autodiff.Context(not record)
        with no_grad():
            c = cls._forward(ctx, *(v.detach() for v in vals))
        out: Tensor = c._new(c.data)
        out.history = History(cls, ctx, vals) if record else None
        return out


class Neg(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:  # noqa: ARG004
        return t1.f.neg_map(t1)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:  # noqa: ARG004
        return grad_output.f.neg_map(grad_output)


class Inv(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:
        ctx.save_for_backward(t1)
        return t1.f.inv_map(t1)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (t1,) = ctx.saved_values
        return grad_output.f.inv_back_zip(t1, grad_output)


class Add(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any, t2: Any) -> Any:  # noqa: ARG004
        return t1.f.add_zip(t1, t2)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:  # noqa: ARG004
        return grad_output, grad_output


class Mul(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a.f.mul_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        a, b = ctx.saved_values
        multiply = grad_output.f.mul_zip
        return multiply(grad_output, b), multiply(grad_output, a)


class Sigmoid(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:
        s = t1.f.sigmoid_map(t1)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (s,) = ctx.saved_values
        return grad_output * s * (1.0 - s)


class ReLU(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:
        ctx.save_for_backward(t1)
        return t1.f.relu_map(t1)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (t1,) = ctx.saved_values
        return grad_output.f.relu_back_zip(t1, grad_output)


class Log(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:
        ctx.save_for_backward(t1)
        return t1.f.log_map(t1)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (t1,) = ctx.saved_values
        return grad_output.f.log_back_zip(t1, grad_output)


class Exp(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any) -> Any:
        out = t1.f.exp_map(t1)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (out,) = ctx.saved_values
        return grad_output.f.mul_zip(grad_output, out)


class Sum(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, dim: Any) -> Any:  # noqa: ARG004
        return a.f.add_reduce(a, int(dim.item()))

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:  # noqa: ARG004
        return grad_output, 0.0


class All(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, dim: Any) -> Any:  # noqa: ARG004
        return a.f.mul_reduce(a, int(dim.item()))


class LT(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a.f.lt_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        return tuple(grad_output.zeros(t.shape) for t in ctx.saved_values)


class EQ(LT):
    @staticmethod
    def forward(ctx: Context, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a.f.eq_zip(a, b)


class IsClose(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, b: Any) -> Any:  # noqa: ARG004
        return a.f.is_close_zip(a, b)


class Permute(Function):
    @staticmethod
    def forward(ctx: Context, a: Any, order: Any) -> Any:
        axes = _integers(order)
        ctx.save_for_backward([axes.index(d) for d in range(len(axes))])
        return a._new(a._tensor.permute(*axes))

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (inverse,) = ctx.saved_values
        return grad_output._new(grad_output._tensor.permute(*inverse)), 0.0


class View(Function):
    """Read the same storage as another shape.

    Raises:
        AssertionError: the tensor is not contiguous.
        ShapeError: the sizes differ.
    """

    @staticmethod
    def forward(ctx: Context, a: Any, shape: Any) -> Any:
        if not a.data.contiguous:
            message = f"view: {a.shape} with strides {a.data.strides} is not contiguous"
            raise AssertionError(message)
        ctx.save_for_backward(a.shape)
        return a._new(a.data.view(infer_shape("view", a.shape, _integers(shape))))

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        (shape,) = ctx.saved_values
        return grad_output._new(grad_output.contiguous().data.view(shape)), 0.0


class Copy(Function):
    @staticmethod
    def forward(ctx: Context, a: Any) -> Any:  # noqa: ARG004
        return a.f.id_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:  # noqa: ARG004
        return grad_output


class MatMul(Function):
    @staticmethod
    def forward(ctx: Context, t1: Any, t2: Any) -> Any:
        ctx.save_for_backward(t1, t2)
        return t1.f.matrix_multiply(t1, t2)

    @staticmethod
    def backward(ctx: Context, grad_output: Any) -> Any:
        t1, t2 = ctx.saved_values
        multiply = grad_output.f.matrix_multiply
        return multiply(grad_output, _transposed(t2)), multiply(_transposed(t1), grad_output)


def _integers(t: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in t.to_numpy())


def _transposed(a: Any) -> Any:
    return a._new(a.data.transpose())
