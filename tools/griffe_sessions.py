"""An extension of Griffe: sessions in the docstrings of the reference are shown as code."""

from griffe import Extension, Object
from sessions import fence_sessions


class SessionExtension(Extension):
    """Fences the sessions of every docstring that is collected."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = fence_sessions(obj.docstring.value)
