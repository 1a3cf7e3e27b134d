"""Matrix multiplication: naive, reordered, blocked, packed, tiled, vectorized."""
