"""What the driver answers, as an exception where it is an error."""

from typing import Any

from mt_tensor.errors import BackendError


def check(error: Any, doing: str) -> None:
    """Do nothing if the driver's answer is success.

    Raises:
        BackendError: it is not.
    """
    if int(error) != 0:
        message = f"cuda: {doing} failed: {error.name}"
        raise BackendError(message)
