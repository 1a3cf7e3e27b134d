"""Networks in the files of other programs."""

from mt_nn.export.errors import ExportError as ExportError
from mt_nn.export.onnx import export_onnx as export_onnx
