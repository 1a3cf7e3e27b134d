"""What the commands do: each file is imported when its command is run."""
