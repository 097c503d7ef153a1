"""Discrepancies between heatmaps: what a manipulation minimises, one value per image."""

from losses.base import Loss
from losses.location import Location, location
from losses.normalize import normalize

__all__ = ["Location", "Loss", "location", "normalize"]
