"""The NVIDIA GPU backend, compiled by Numba: MiniTorch, lesson 3.

Importing this package imports no compiler and touches no device. `mt_tensor` finds `SPEC` by its
entry point, asks it for the status, and makes the backend on first use.
"""

from mt_cuda.spec import SPEC as SPEC
