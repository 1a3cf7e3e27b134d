"""What can be done with a tensor, by kind: arithmetic, reductions, movement, indexing."""
