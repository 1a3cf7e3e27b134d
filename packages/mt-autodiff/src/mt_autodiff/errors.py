"""The error of differentiation."""


class GradientError(RuntimeError):
    """A gradient was asked for where there is none, or a backward broke its contract."""
