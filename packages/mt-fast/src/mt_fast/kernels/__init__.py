"""The compiled loops, to be read as lessons: each file one kernel, and one idea.

Three lessons lead from the plainest loop to the one in use, each step complete: `matmul/`, in the
order naive, reordered, blocked, packed, tiled, vectorized; `map/`: strided, merged, tiled; and
`reduce/`: naive, pairwise, vectorized. `mt_fast.lessons` calls any of them.

A kernel in use is a template. Names in capitals, `fn` and `number` are not defined in it: the
compiler binds them for one operator, one set of dtypes and one class of layouts, and compiles the
result. What a kernel needs of LLVM is in one place, `intrinsics`: each instruction is listed there,
and defined beside its meaning in Python.
"""
