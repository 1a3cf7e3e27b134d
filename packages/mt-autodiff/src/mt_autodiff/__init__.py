"""Derivatives, the computation graph and backpropagation on scalars: MiniTorch, lesson 1."""
