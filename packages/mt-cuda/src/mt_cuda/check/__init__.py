"""Looking at the machine code of every kernel, without a GPU: `python -m mt_cuda.check`."""
