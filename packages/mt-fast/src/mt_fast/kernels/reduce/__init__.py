"""A fold of the elements along a dimension: naive, pairwise, vectorised."""
