"""The contract of a backend, a module for each part of it; NumPy is the oracle throughout."""
