"""Module 4, for extra credit: a place for convolution kernels on a GPU.

`minitorch.conv2d` of tensors on a GPU uses the kernels of mt-cuda.
"""
