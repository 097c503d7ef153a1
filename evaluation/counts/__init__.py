"""Counters: they add up what a study measures of each image, exact over any number of processes."""
