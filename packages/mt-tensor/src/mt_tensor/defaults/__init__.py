"""What a backend need not write: operations composed of its kernels and of views."""
