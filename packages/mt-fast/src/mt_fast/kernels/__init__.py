"""The compiled loops: each file one kernel, written as plain Python over flat storages.

A kernel is a template. Names in capitals, `fn` and `number` are not defined in it: the compiler
binds them for one operator, one set of dtypes and one class of layouts, and compiles the result.
"""
