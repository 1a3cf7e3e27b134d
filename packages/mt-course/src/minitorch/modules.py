"""A place that the course keeps for modules of tensors; `mt_nn` has them."""
