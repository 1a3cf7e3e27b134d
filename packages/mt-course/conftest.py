"""What is tested in the peer environment only: the project in PyTorch."""

from importlib.util import find_spec

# Doctests import every file.
collect_ignore = [] if find_spec("torch") else ["src/mt_course/projects/torch.py"]
