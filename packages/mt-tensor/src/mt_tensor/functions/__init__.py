"""The operations on tensors, by lesson: elementwise, reduction, matmul, movement, indexing."""
