"""Persistence of a manipulation under noise or further training (Heo et al. 2019)."""
