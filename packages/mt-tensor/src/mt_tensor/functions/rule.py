"""Rules over data: functions of which a backward needs no tensors.

A `Function` computes with tensors, so that anybody can write one. A step of training goes through
a few functions again and again; these compute with the data alone, and a backward carries its
gradients from one to the next without making tensors of them.

A rule is an object, the same one for all calls. Its forward is a function of tensors, which leaves
what the rule needs with `recorded`.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from mt_autodiff import History, mode
from mt_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from mt_tensor.backend import Backend
    from mt_tensor.base import TensorBase

T = TypeVar("T", bound="TensorBase")
Shares = list[tuple[Any, TensorData]]


class DataRule:
    """How gradients go back through a function; subclass it with `shares`."""

    __name__: str

    def shares(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Return each input that wants a gradient, with its share.

        Args:
            inputs: the tensors that the function was called on. Those without a history are
                constants and want none.
            saved: what `recorded` was given.
            grad: the gradient of the result; not to be changed.
            backend: where it lives.
        """
        message = f"{type(self).__name__}: the rule defines no shares"
        raise NotImplementedError(message)

    def shares_over(
        self, inputs: tuple[Any, ...], saved: Any, grad: TensorData, backend: "Backend"
    ) -> Shares:
        """Return the same; a share may lie where `grad` does, which nobody reads again."""
        return self.shares(inputs, saved, grad, backend)


def recorded(rule: DataRule, data: TensorData, inputs: tuple[T, ...], saved: Any) -> T:
    """Make a tensor of what a function computed, and a node of the graph if an input is one.

    Args:
        rule: how gradients go back.
        data: the result.
        inputs: the tensors that it was computed from.
        saved: what the rule needs; data in it may not be written to before the backward.
    """
    result = inputs[0]._new(data)
    if mode.recording:
        for v in inputs:
            if v.history is not None:
                result.history = History(rule, saved, inputs)
                break
    return result
