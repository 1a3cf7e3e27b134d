"""How the steps before the last one of a lesson are compiled: by Numba, when they are called.

The last step of each lesson is a template, compiled by `mt_fast.compiler` with the operator and
the layout bound. The steps before it are whole in one file each: functions of arrays, which run as
plain Python too, where `NUMBA_DISABLE_JIT=1`. `prange` marks the loop that threads could share;
`mt_fast.diagnostics` shows what becomes of it.
"""

from typing import Any

import numba

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}
"""A division by zero is infinite; a product and the sum that it goes into may be one
instruction."""

kernel = numba.njit(**OPTIONS)
"""Compile when called."""
