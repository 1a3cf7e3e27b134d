"""Layers, losses, optimisers and the training loop: MiniTorch, lesson 4."""
