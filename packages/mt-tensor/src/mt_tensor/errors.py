"""The errors of tensors, in one form: operator, rule, both full values, a mend where one works.

They are raised before any kernel runs, so no traceback of a compiler reaches a user.
"""


class ShapeError(ValueError):
    """Shapes or axes that an operation cannot combine."""


class IndexingError(IndexError):
    """An index out of range, or of a kind that does not index."""


class DTypeError(TypeError):
    """A dtype that is not supported, or not by this operation."""


class BackendError(RuntimeError):
    """A backend that is missing, or tensors that live on two of them."""


class CaptureError(RuntimeError):
    """A step that cannot be replayed, with the line that is the reason."""
