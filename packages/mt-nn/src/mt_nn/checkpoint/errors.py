"""The error of files that hold no checkpoint, or one of something else."""


class CheckpointError(ValueError):
    """A file that is truncated, foreign, or does not fit what it is loaded into."""
