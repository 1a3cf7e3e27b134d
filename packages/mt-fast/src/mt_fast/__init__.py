"""The parallel CPU backend, compiled by Numba: MiniTorch, lesson 3."""
