"""Strided tensors with broadcasting, autograd and pluggable backends: MiniTorch, lesson 2."""
