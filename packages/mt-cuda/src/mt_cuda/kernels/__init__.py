"""The kernels, as a lesson plan: each file is complete, and one idea beyond the one before."""
