"""Module 1: derivatives, the computation graph, backpropagation, Scalar."""

from mt_autodiff.backpropagation import backpropagate as backpropagate
from mt_autodiff.backpropagation import gradients as gradients
from mt_autodiff.backpropagation import topological_sort as topological_sort
from mt_autodiff.derivative import central_difference as central_difference
from mt_autodiff.derivative import derivative_check as derivative_check
from mt_autodiff.dot_product import dot as dot
from mt_autodiff.drawing import to_dot as to_dot
from mt_autodiff.drawing import to_svg as to_svg
from mt_autodiff.errors import GradientError as GradientError
from mt_autodiff.function import Function as Function
from mt_autodiff.graph import graph_of as graph_of
from mt_autodiff.history import LEAF as LEAF
from mt_autodiff.history import Context as Context
from mt_autodiff.history import History as History
from mt_autodiff.mode import is_grad_enabled as is_grad_enabled
from mt_autodiff.mode import mode as mode
from mt_autodiff.mode import no_grad as no_grad
from mt_autodiff.scalar import Scalar as Scalar
from mt_autodiff.variable import Variable as Variable
from mt_autodiff.variable import next_id as next_id
