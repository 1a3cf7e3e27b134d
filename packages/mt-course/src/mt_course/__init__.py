"""The course's projects, and the command `minitorch` that runs them.

`minitorch` has the names that code written for the course uses; this package has the rest. What the
command offers is in `cli`, which imports nothing heavy; what it does is in `actions`.
"""
