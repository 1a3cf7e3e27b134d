"""The parallel CPU backend, compiled by Numba: MiniTorch, lesson 3.

Importing it is cheap: Numba is imported when the backend is first used.
"""

from mt_fast.precompilation import precompile as precompile
from mt_fast.spec import SPEC as SPEC
from mt_fast.threads import get_num_threads as get_num_threads
from mt_fast.threads import set_num_threads as set_num_threads
