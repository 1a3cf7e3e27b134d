"""A place that the course keeps for modules of scalars; see `minitorch.projects.scalar`."""
