"""Heatmaps of networks with random layers (Adebayo et al. 2018)."""
