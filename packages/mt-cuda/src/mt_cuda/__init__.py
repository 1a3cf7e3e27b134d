"""The NVIDIA GPU backend, compiled by Numba: MiniTorch, lesson 3."""
