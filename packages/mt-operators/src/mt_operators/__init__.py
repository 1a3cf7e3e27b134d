"""Operators with their derivatives, functional tools and the module tree: MiniTorch, lesson 0."""
