"""The functions behind the layers: no state, everything they need is an argument."""

from mt_nn.functional.activation import elu as elu
from mt_nn.functional.activation import gelu as gelu
from mt_nn.functional.activation import leaky_relu as leaky_relu
from mt_nn.functional.activation import prelu as prelu
from mt_nn.functional.activation import relu as relu
from mt_nn.functional.activation import sigmoid as sigmoid
from mt_nn.functional.activation import silu as silu
from mt_nn.functional.activation import softplus as softplus
from mt_nn.functional.activation import tanh as tanh
from mt_nn.functional.adaptive import adaptive_avg_pool1d as adaptive_avg_pool1d
from mt_nn.functional.adaptive import adaptive_avg_pool2d as adaptive_avg_pool2d
from mt_nn.functional.attention import scaled_dot_product_attention as scaled_dot_product_attention
from mt_nn.functional.batch_norm import batch_norm as batch_norm
from mt_nn.functional.bilinear import bilinear as bilinear
from mt_nn.functional.binary import binary_cross_entropy as binary_cross_entropy
from mt_nn.functional.binary import (
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from mt_nn.functional.convolution import conv2d as conv2d
from mt_nn.functional.convolution1d import conv1d as conv1d
from mt_nn.functional.cross_entropy import cross_entropy as cross_entropy
from mt_nn.functional.dropout import dropout as dropout
from mt_nn.functional.embedding import embedding as embedding
from mt_nn.functional.linear import linear as linear
from mt_nn.functional.margin import hinge_embedding_loss as hinge_embedding_loss
from mt_nn.functional.margin import margin_ranking_loss as margin_ranking_loss
from mt_nn.functional.nll import nll_loss as nll_loss
from mt_nn.functional.normalization import group_norm as group_norm
from mt_nn.functional.normalization import layer_norm as layer_norm
from mt_nn.functional.normalization import rms_norm as rms_norm
from mt_nn.functional.padding import pad as pad
from mt_nn.functional.pooling import avg_pool1d as avg_pool1d
from mt_nn.functional.pooling import avg_pool2d as avg_pool2d
from mt_nn.functional.pooling import max_pool1d as max_pool1d
from mt_nn.functional.pooling import max_pool2d as max_pool2d
from mt_nn.functional.regression import huber_loss as huber_loss
from mt_nn.functional.regression import l1_loss as l1_loss
from mt_nn.functional.regression import mse_loss as mse_loss
from mt_nn.functional.regression import smooth_l1_loss as smooth_l1_loss
from mt_nn.functional.softmax import log_softmax as log_softmax
from mt_nn.functional.softmax import logsumexp as logsumexp
from mt_nn.functional.softmax import softmax as softmax
from mt_nn.functional.transposed import conv_transpose1d as conv_transpose1d
from mt_nn.functional.transposed import conv_transpose2d as conv_transpose2d
