"""Looking into networks: what they make, hold and cost, and how they hang together."""

from mt_nn.inspection.dot import model_to_dot as model_to_dot
from mt_nn.inspection.summary import LayerSummary as LayerSummary
from mt_nn.inspection.summary import Summary as Summary
from mt_nn.inspection.summary import summary as summary
from mt_nn.inspection.traced import TraceError as TraceError
