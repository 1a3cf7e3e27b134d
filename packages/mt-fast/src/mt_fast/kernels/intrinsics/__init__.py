"""What kernels need of LLVM: instructions for which Python and Numba have no word.

Everything else in `mt_fast.kernels` is Python that Numba compiles. An instruction is emitted into
the code of a kernel as LLVM's own, and is defined beside its meaning, a function of Python that
does the same (`instruction`): read the meaning for what it does, the definition for how. No file
here knows of tensors, shapes or operators.

One element:

- `elements`: `get`, `put` without Python's rule for negative indices, which keeps loops from being
  vectorised; `fetch` asks for what will be read; `advance` moves several positions; `word_at`
  and `put_word` read and write at an address.
- `floats`: `root`, `largest`, `smallest`, `fma`; for exponentials and logarithms `horner`,
  `power_of_two`, `scale`, `split`.

Objects of Python:

- `objects`: to make, call, keep and let go of them, as C code does.
- `borrowed`: `word_of` reads a word of one; arrays of NumPy that nobody counts, for functions that
  take next to no time.

The words of LLVM that the others are written in:

- `vectors`: as many lanes as the processor has; loads, stores, masks, broadcasts, fused
  multiply-adds, `prefetch`. Chosen by the features of the host, or by `NUMBA_CPU_NAME`.
- `loops`: `repeat`, a loop that LLVM must not unroll.

What threads tell one another:

- `marks`: `take`, `add_one`, `wait`, for parts of a list of calls.

Vectors along dense rows:

- `runs`: `copy_rows` and `copy_and_add`, for blocks of rows.
- `lines`: `add_scaled`, `marks`, `lowest`, `count_bits`, `count_equal`, `put_where_equal`, for
  lines of any length.
- `wide`: `run_of`, `lines_of`, the folds of sums, products and extrema.
- `windows`: `sum_windows`, `spread_windows`, by shuffles.
- `pack`: `copy_vector`, `gather_vector`; `transpose_square`, a square turned in registers.
- `sorting`: `sort_vector`, every second to every eighth element.
- `staging`: `take`, `give`, `moved`, `brought`, `sent`: a rectangle brought to dense rows and back.

Blocks held in registers:

- `tile`: `tile`, the heart of matrix multiplication.
- `folded`: `folded_tile`, the same along the depth.
- `strips`: `correlate_strips`, the heart of convolution.
- `dots`: `dots`, `aligned`, `total`, of the gradient of a convolution by its kernels.

How kernels are called by address is in `mt_fast.kernels.calling` and `starting`.
"""
