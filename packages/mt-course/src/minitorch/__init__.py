"""The course: command line, projects and course-compatible names for MiniTorch."""
