"""Changes of influences under attacks of the image (Ghorbani et al. 2019)."""
