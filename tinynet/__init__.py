"""tinynet: neural networks in pure NumPy, from scratch."""
