"""A place that the course keeps for modules of scalars; see `mt_course.projects.scalar`."""
