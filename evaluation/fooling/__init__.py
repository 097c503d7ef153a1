"""Accuracy and heatmaps of networks before and after a manipulation (Heo et al. 2019)."""
