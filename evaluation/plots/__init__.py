"""Plots of plain data as matplotlib figures, for any study."""
