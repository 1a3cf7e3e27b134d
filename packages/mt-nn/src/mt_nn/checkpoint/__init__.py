"""Keeping networks and runs in files: safetensors with a small JSON, never pickle."""

from mt_nn.checkpoint.errors import CheckpointError as CheckpointError
from mt_nn.checkpoint.safetensors import read_safetensors as read_safetensors
from mt_nn.checkpoint.safetensors import write_safetensors as write_safetensors
from mt_nn.checkpoint.tree import load_tree as load_tree
from mt_nn.checkpoint.tree import save_tree as save_tree
from mt_nn.checkpoint.weights import load_into as load_into
from mt_nn.checkpoint.weights import load_weights as load_weights
from mt_nn.checkpoint.weights import save_weights as save_weights
