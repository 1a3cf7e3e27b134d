"""A text that every Python has: the topics of its language reference, as `help()` shows them."""

import sys
from importlib import import_module

from mt_nn.data.cache import UnavailableError
from mt_nn.data.source import Source


def load_python_reference() -> tuple[str, Source]:
    """Read the documentation that ships with this Python, some 400,000 characters of English.

    Returns:
        The topics, in the order of their names; and where they come from. The text differs from
        one version of Python to the next.

    Raises:
        UnavailableError: this Python was installed without its documentation.
    """
    try:
        topics: dict[str, str] = import_module("pydoc_data.topics").topics
    except ModuleNotFoundError:
        message = "this Python has no module pydoc_data.topics, which is part of the standard one"
        raise UnavailableError(message) from None
    version = ".".join(map(str, sys.version_info[:3]))
    return "\n\n".join(topics[name].strip() for name in sorted(topics)), Source(
        name=f"{len(topics)} topics of the Python language reference",
        origin=f"pydoc_data.topics of Python {version}",
        licence="PSF 2",
        citation="Python Software Foundation, The Python Language Reference",
    )
