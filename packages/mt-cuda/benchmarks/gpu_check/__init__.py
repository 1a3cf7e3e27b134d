"""What a machine with a GPU is asked for once: is the backend right there, and how fast is it."""
