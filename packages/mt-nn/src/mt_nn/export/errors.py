"""The error of networks that a file of another format cannot express."""


class ExportError(TypeError):
    """A layer does something that the format, or the export, has no word for."""
