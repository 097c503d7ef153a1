"""Manipulate the heatmaps of image classifiers, and measure how far explanations can be trusted."""

from trompe.finder import install

__version__ = "0.1.0"

install()
