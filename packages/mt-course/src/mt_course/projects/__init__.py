"""The course's projects: each file trains one model, with public names only."""
