"""A function of each element, or of pairs: strided, merged, tiled."""
