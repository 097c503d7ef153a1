"""Insertion, deletion and other measures of attributions (Petsiuk et al. 2018)."""
