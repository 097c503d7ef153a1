"""Ratios of times, measured side by side in one run, and a sweep over many networks."""
